"""Labels that somebody gave image by image: held against the classes by the same rules as names of folders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.classes import Classes
from evergreen.datasets.labelling.names import tidy
from evergreen.datasets.labelling.reading import OUTSIDE, Folder, Folders, spellings, what_became
from evergreen.datasets.labelling.subsets import subsets_in
from evergreen.datasets.labelling.tree import left_out
from evergreen.errors import BadDataset
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Repair, Subset

_NO_LABEL = ("test", UNLABELLED)


def label_rows(
    files: pd.DataFrame,
    labels: Sequence[str | None],
    settings: Repair,
    without: str,
    subsets: Sequence[Subset] | None = None,
) -> tuple[pd.DataFrame, Folders]:
    """Return the images with label, subset, what, why, group and used; and what every label means.

    An image without a label is unlabelled if its subset is test or unlabelled, else it is dropped.

    Args:
        files: path, folder and more, of images.
        labels: of each image; None if there is none.
        settings: declared classes, renames, folders that are left out, subsets.
        without: why an image without a label is dropped.
        subsets: of each image; if None, the nearest folder above says it.

    Raises:
        Doubt: a label is none of the classes, or could be several.
        BadDataset: a label holds a slash.
    """
    if subsets is None:
        nearest = {folder: _subset_of(folder, settings) for folder in files["folder"].unique()}
        subsets = [nearest[folder] for folder in files["folder"]]
    sides = list(subsets)
    away = left_out(files["folder"], settings)
    counts: Counter[tuple[Subset, str]] = Counter()
    for label, side, folder in zip(labels, sides, files["folder"], strict=True):
        if label and side != UNLABELLED and folder not in away:
            counts[side, label] += 1
    slashed = [label for _, label in counts if "/" in label and label not in settings.rename]
    if slashed:
        raise BadDataset(
            f"the label {slashed[0]!r} holds a slash, which parts folders: give it another name with "
            f"repair.rename: {{{slashed[0]!r}: {slashed[0].replace('/', ' ')!r}}}"
        )
    naming = Classes(counts, settings, what="label")
    meanings, classes = naming.named()
    spelled = spellings(meanings)
    became = {
        (side, label): what_became(label, meaning, spelled[side, meaning.label]) if meaning.label else UNLABELLED
        for (side, label), meaning in meanings.items()
    }
    rows: list[tuple[str, str, str, str, str, bool]] = []
    for label, side, folder in zip(labels, sides, files["folder"], strict=True):
        meaning = meanings.get((side, label)) if label else None
        if folder in away:
            rows.append(("", side, "left out", f"repair.leave_out: {away[folder]}", "", False))
        elif label and meaning and meaning.label:
            rows.append((meaning.label, side, became[side, label], meaning.why, "", True))
        elif side in _NO_LABEL:
            rows.append(("", UNLABELLED, UNLABELLED, "no label", "", True))
        else:
            rows.append(("", side, OUTSIDE, without, "", False))
    for name, column in zip(("label", "subset", "what", "why", "group", "used"), zip(*rows, strict=True), strict=True):
        files = files.assign(**{name: list(column)})
    told = [
        Folder(label, side, meanings[side, label].label, became[side, label], meanings[side, label].why, count)
        for (side, label), count in sorted(counts.items())
    ]
    sizes = files["folder"].value_counts()
    for folder, pattern in away.items():
        told.append(Folder(folder, "", "", "left out", f"repair.leave_out: {pattern}", int(sizes[folder])))
    return files, Folders(told, classes, naming.noted)


def _subset_of(folder: str, settings: Repair) -> Subset:
    """Return the subset of the nearest folder that says one, also among other words: ``test1``, ``test_images``."""
    said = {tidy(name).lower(): subset for name, subset in settings.subsets.items()}
    for name in reversed(folder.split("/")):
        held = subsets_in(name)
        if subset := said.get(tidy(name).lower()) or (held[0] if len(held) == 1 else None):
            return subset
    return ""
