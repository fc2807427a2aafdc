"""Folders most of whose files are no images by their first bytes: a question, since something else went wrong there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading, leaving_out
from evergreen.datasets.labelling.tree import with_above
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


def notes_on_empty_folders(used: pd.DataFrame, files: pd.DataFrame) -> list[str]:
    """Return a sentence for each folder beside class folders that leads to files, and to no image.

    Args:
        used: what may be an image: folder, group, label.
        files: path and kind of all other files that were looked into.
    """
    labelled = used[used["label"] != ""]
    pairs = labelled[["folder", "group"]].drop_duplicates().itertuples(index=False)
    places = {_class_folder(folder, group) for folder, group in pairs}
    leading = {above for folder in used["folder"].unique() for above in with_above(folder)}
    beside = {place.rpartition("/")[0] for place in places}
    held: dict[str, Counter[str]] = {}
    for path, kind in zip(files["path"], files["kind"], strict=True):
        for folder in with_above(path.rpartition("/")[0]):
            if folder and folder.rpartition("/")[0] in beside and folder not in leading:
                held.setdefault(folder, Counter())[kind] += 1
    return [f"the folder {folder!r} holds no image: {counted(dict(kinds))}" for folder, kinds in sorted(held.items())]


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
            leaving_out("these folders do not belong to it", settings, most),
        ],
    )


def _class_folder(folder: str, group: str) -> str:
    return folder.removesuffix(f"/{group}") if group else folder
