"""Labels that stand in the names of files: ``cat.0.jpg``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.given_labels import label_rows
from evergreen.datasets.labelling.names import tidy
from evergreen.datasets.labelling.reading import Folders
from evergreen.datasets.labelling.words import some
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Labels, Repair

NO_MATCH = "its name does not match labels.pattern"
# Patterns for the names that people have, the plainest first.
_PATTERNS = (r"(?P<label>[A-Za-z_]+)[._]\d+", r"(?P<label>[A-Za-z_-]+)[-._ ]*\d+", r"(?P<label>.*?[^\W\d_])[\W_]*\d")
_LABELS = re.compile(r"(?P<label>.*?[^\W\d_])[\W_]*\d+[)\]]?$")


def labels_by_pattern(files: pd.DataFrame, settings: Repair, labels: Labels) -> tuple[pd.DataFrame, Folders]:
    """Return the images with label, subset, what, why, group and used; and what every label means.

    Args:
        files: path, folder and more, of images.
        settings: declared classes, renames, folders that are left out, subsets.
        labels: the pattern.

    Raises:
        BadDataset: over half of the names do not match; a label is none of the classes, or could be several.
    """
    found = labels_in(files["path"], str(labels.pattern))
    missed = [path for path, label in zip(files["path"], found, strict=True) if label is None]
    if len(missed) * 2 > len(found):
        raise BadDataset(
            f"expected file names that begin with labels.pattern {labels.pattern}, {len(missed):,} of {len(found):,} "
            f"do not, such as {some(map(repr, missed), 3)}: change the pattern, or leave the folders out "
            "that hold no labelled images with repair.leave_out"
        )
    return label_rows(files, found, settings, NO_MATCH)


def labels_in(paths: Iterable[str], pattern: str) -> list[str | None]:
    """Return the label in the name of each file; None where the pattern does not match it."""
    compiled = re.compile(pattern)
    return [_label(compiled, path) for path in paths]


def pattern_for(names: pd.Series) -> tuple[str, Counter[str]] | None:
    """Return a pattern that reads labels in file names, and how many of each; None if there are not several.

    Args:
        names: file names without folders.
    """
    stems = [name.rpartition(".")[0] or name for name in names]
    counts = Counter(found["label"] for stem in stems if (found := _LABELS.match(stem)))
    if len(counts) < 2 or min(counts.values()) < 2 or sum(counts.values()) * 10 < len(stems) * 9:
        return None
    for pattern in _PATTERNS:
        read = Counter(found["label"] for name in names if (found := re.match(pattern, name)))
        if read == counts:
            return pattern, counts
    return None


def _label(pattern: re.Pattern[str], path: str) -> str | None:
    found = pattern.match(path.rpartition("/")[2])
    return (tidy(found["label"] or "") or None) if found else None
