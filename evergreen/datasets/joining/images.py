"""One image that several sources hold: which of them keeps it. The order of the sources has no say."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

SAME_BYTES = "the same image as in another source: counted once"
SAME_PIXELS = "the same pixels as an image of another source: counted once"


def repeated(table: pd.DataFrame, by: str) -> pd.Series:
    """Return, for each row, whether another source keeps its image, so that it is left out here.

    One source keeps all of its rows of an image: the one that labels it; of several, one that says its side; of
    several, the one in which its path comes first in the order of text. An image that sources label in two ways, or
    put on two sides, is kept in each: what is done about such images in one source is done about it.

    Args:
        table: path, label, subset, source, and ``by``.
        by: the column that says which rows are one image: a digest of bytes or of pixels.
    """
    sources = table.groupby(by)["source"].transform("nunique")
    held: dict[Hashable, list[Any]] = {}
    for row in table[sources > 1].itertuples():
        held.setdefault(getattr(row, by), []).append(row)
    away = [index for rows in held.values() for index in _repeats(rows)]
    found = sources.astype(bool) & False
    found[away] = True
    return found


def _repeats(rows: Sequence[Any]) -> list[Any]:
    labels = {row.label for row in rows if row.subset != UNLABELLED}
    sides = {row.subset for row in rows} - {"", UNLABELLED}
    if len(labels) > 1 or len(sides) > 1:
        return []
    keeper = min(rows, key=lambda row: (row.subset == UNLABELLED, row.subset == "", row.path, row.source)).source
    return [row.Index for row in rows if row.source != keeper]
