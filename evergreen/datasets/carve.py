"""Carve validation images out of training images, for a network that may know of no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergreen.datasets.deal import draw
from evergreen.datasets.splitting.units import units_of
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

SHARE = 0.1


def carve(training: pd.DataFrame, bits: int) -> pd.DataFrame:
    """Return training images, about a tenth of which are for validation now.

    What is alike stays together: equal pixels and near-duplicates are one unit, which draws its side by its smallest
    pixel digest alone: the same images validate whichever others come. A class keeps the unit that draws highest for
    training; if no unit draws validation, the lowest of those that are not needed does.

    Args:
        training: at least path, label, pixels, phash; all of split ``train``.
        bits: how far apart perceptual hashes of near-duplicates are; 0 joins none.

    Raises:
        BadDataset: every class has one distinct image: none can be spared.
    """
    table = training.sort_values("path", ignore_index=True).assign(group="")
    unit = units_of(table, bits)
    drawn = table["pixels"].groupby(unit).transform("min").map(lambda name: draw("carve", name))
    highest = drawn.groupby(table["label"]).transform("max")
    needed = (drawn == highest).groupby(unit).transform("any")  # near-duplicates may be of two classes
    spared = ~needed
    if not spared.any():
        raise BadDataset(
            f"train.teacher: expected a class with two distinct training images or more, to tell the teacher's epochs "
            f"apart by one; all {table['label'].nunique()} have one: add images, or leave train.teacher out"
        )
    validation = spared & ((drawn < SHARE) | (drawn <= drawn[spared].min()))
    return table.drop(columns="group").assign(split=validation.map({True: "validation", False: "train"}))
