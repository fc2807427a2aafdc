"""Folders most of whose files are no images by their first bytes: a question, since something else went wrong there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading
from evergreen.datasets.labelling.names import literal
from evergreen.datasets.labelling.words import counted, some
from evergreen.images.formats import IMAGE

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Repair

_NEXT = {
    "a Git LFS pointer": "run git lfs pull in the repository that it comes from",
    "a web page": "fetch them again: a server sent pages in place of pictures",
    "an empty file": "copy or download them again",
}


def notes_on_kinds(table: pd.DataFrame, settings: Repair) -> list[str]:
    """Return a sentence for each class folder of which a part will be quarantined for its first bytes.

    Args:
        table: images that are used, and files that only look like them: folder, group, kind.
        settings: what the recipe says.

    Raises:
        Doubt: over half of a class folder's files are no images, and the recipe does not say that this is so.
    """
    strange = table[table["kind"] != IMAGE]
    if strange.empty:
        return []
    places = [_class_folder(folder, group) for folder, group in zip(table["folder"], table["group"], strict=True)]
    placed = table.assign(place=places)
    totals = placed["place"].value_counts()
    notes: list[str] = []
    most: dict[str, pd.Series] = {}
    for place, kinds in placed.loc[strange.index].groupby("place")["kind"]:
        held = counted(kinds.value_counts().to_dict())
        left = " (none is left)" if len(kinds) == totals[place] else ""
        notes.append(
            f"{len(kinds):,} of {totals[place]:,} files in {place!r} are no images and quarantined{left}: {held}"
        )
        if 2 * len(kinds) > totals[place]:
            most[str(place)] = kinds
    if most and settings.not_images == "ask":
        raise _doubt(most, int(sum(totals[place] for place in most)), settings)
    return notes


def _doubt(most: Mapping[str, pd.Series], files: int, settings: Repair) -> Doubt:
    kinds: Counter[str] = Counter()
    for some_kinds in most.values():
        kinds.update(some_kinds)
    advice = [_NEXT[kind] for kind in kinds if kind in _NEXT]
    return Doubt(
        f"expected images, received mostly something else: {kinds.total():,} of {files:,} files in "
        f"{some(map(repr, most))} are {counted(dict(kinds))}{': ' if advice else ''}{'; '.join(advice)}",
        [
            Reading("they are to be quarantined", {"not_images": "quarantine"}),
            Reading("these folders do not belong to it", {"leave_out": [*settings.leave_out, *map(literal, most)]}),
        ],
    )


def _class_folder(folder: str, group: str) -> str:
    return folder.removesuffix(f"/{group}") if group else folder
