"""Labels that somebody gave image by image: held against the classes by the same rules as names of folders."""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.classes import Classes
from evergreen.datasets.labelling.names import tidy
from evergreen.datasets.labelling.reading import OUTSIDE, Folder, Folders, spellings, what_became
from evergreen.datasets.labelling.subsets import WORDS, words_of
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
    sides = list(subsets) if subsets is not None else [_subset_of(folder, settings) for folder in files["folder"]]
    away = left_out_folders(files["folder"], settings)
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
        words = [WORDS[word] for word in words_of(name) if word in WORDS]
        if subset := said.get(tidy(name).lower()) or (words[0] if len(words) == 1 else None):
            return subset
    return ""


def left_out_folders(folders: Iterable[str], settings: Repair) -> dict[str, str]:
    """Return those of some folders that ``leave_out`` names, or one above them -> its words."""
    patterns = {text: re.compile(fnmatch.translate(tidy(text).strip("/"))) for text in settings.leave_out}
    found: dict[str, str] = {}
    for folder in dict.fromkeys(folders) if patterns else ():
        names = [tidy(name) for name in folder.split("/")]
        paths = {"/".join(names[start:end]) for end in range(1, len(names) + 1) for start in range(end)}
        for text, pattern in patterns.items():
            if any(map(pattern.match, paths)):
                found.setdefault(folder, text)
    return found
