"""Images that a teacher learned from, and by which its student would be judged or tell its epochs apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.near import hashes_of, near_any
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("sha256", "pixels", "phash")
_SHOWN = 3


def refuse_known(dataset: pd.DataFrame, learned: pd.DataFrame, bits: int, teacher: str) -> None:
    """Refuse a teacher that knows an image of its student's validation or test: from its answers the student knows it.

    Args:
        dataset: the student's: path, split (all that is not ``train`` counts), sha256, pixels, phash.
        learned: what the teacher learned from or was chosen by: sha256, pixels, phash.
        bits: how far apart perceptual hashes of near-duplicates are; 0 looks for equal files and pixels alone.
        teacher: its name, for the message.

    Raises:
        BadDataset: one or more; says how many, of which kind, and some of them.
    """
    held = dataset[dataset["split"] != "train"].sort_values("path")
    same = (held["sha256"].isin(learned["sha256"]) | held["pixels"].isin(learned["pixels"])).to_numpy()
    near = np.zeros(len(held), bool)
    if bits and len(held) and len(learned):
        near = near_any(hashes_of(held["phash"].tolist()), hashes_of(learned["phash"].tolist()), bits) & ~same
    known = held[same | near]
    if known.empty:
        return
    some = ", ".join(known["path"].head(_SHOWN)) + (", ..." if len(known) > _SHOWN else "")
    raise BadDataset(
        f"train.teacher: expected a teacher that knows no validation or test image of its student; {teacher} learned "
        f"from (or was chosen by) {same.sum():,} of {len(held):,}, and near-duplicates of {near.sum():,} more: {some}. "
        "Have a teacher trained on the very training images: train.teacher: {recipe: NAME}"
    )
