"""The images on which champion and challenger can both be judged: held out by one, and never seen by the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergreen.datasets.near import hashes_of, near_any
from evergreen.judging.judged import judged_images, judged_split

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Shared:
    """What is left of the challenger's held-out images.

    Attributes:
        split: the split they are from: test, or validation if the challenger has no test images.
        images: rows of the challenger's dataset, each picture once.
        held_out: different pictures in that split.
        seen: of those, left out because the champion was trained or validated on the same pixels.
        near: left out because it was on a near-duplicate.
    """

    split: str
    images: pd.DataFrame
    held_out: int
    seen: int
    near: int


def shared_images(challenger: pd.DataFrame, champion: pd.DataFrame, bits: int) -> Shared:
    """Return the challenger's held-out images without any that the champion learned from.

    Without test images both were judged by validation; then only what the champion was trained on is left out, since
    validation chose the epoch of either model.

    Args:
        challenger: its dataset: path, pixels, phash, split.
        champion: the same.
        bits: how far apart perceptual hashes of near-duplicates are; 0 looks for equal pixels alone.
    """
    split = judged_split(challenger["split"])
    held_out = judged_images(challenger).drop_duplicates("pixels", ignore_index=True)
    learned_from = ("train", "validation") if split == "test" else ("train",)
    known = champion[champion["split"].isin(learned_from)].drop_duplicates("pixels")
    fresh = held_out[~held_out["pixels"].isin(known["pixels"])].reset_index(drop=True)
    seen, near = len(held_out) - len(fresh), 0
    if bits and len(fresh) and len(known):
        alike = near_any(hashes_of(fresh["phash"].tolist()), hashes_of(known["phash"].tolist()), bits)
        near = int(alike.sum())
        fresh = fresh[~alike].reset_index(drop=True)
    return Shared(split, fresh, len(held_out), seen, near)
