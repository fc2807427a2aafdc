"""What changed between two datasets: which images came, went, or have another label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ImageChanges:
    """Counts of distinct images, by their bytes.

    Attributes:
        total: in the new dataset.
        added: in the new one alone.
        removed: in the old one alone.
        relabelled: in both, under another label.
    """

    total: int
    added: int
    removed: int
    relabelled: int

    @property
    def new_share(self) -> float:
        """Share of the new dataset, 0-1, that a model of the old one has not learned: added or relabelled."""
        return (self.added + self.relabelled) / self.total if self.total else 0.0


def compare_images(old: pd.DataFrame, new: pd.DataFrame) -> ImageChanges:
    """Compare two datasets.

    Args:
        old: at least sha256, label.
        new: the same columns.
    """
    before, after = (table.groupby("sha256")["label"].agg(frozenset) for table in (old, new))
    both = before.index.intersection(after.index)
    return ImageChanges(
        total=len(after),
        added=len(after.index.difference(both)),
        removed=len(before.index.difference(both)),
        relabelled=int((before[both] != after[both]).sum()),
    )
