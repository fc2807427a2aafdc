"""A view of a training side: its images as one epoch sees them, changed and, where a recipe says so, mixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from evergreen.vision.training.batches import Side, augmented
from evergreen.vision.training.features import PLAIN

if TYPE_CHECKING:
    from evergreen.images.augment import Augmenter
    from evergreen.images.threads import Threads

Gather = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class View:
    """One view of a side.

    Attributes:
        side: the side; where images are mixed, with labels, weights and keys of the mixed ones. Its rows are the images
            as they are on disk, neither changed nor mixed.
        gather: gives the images at some positions, (n, H, W, 3) uint8, as the view shows them.
        name: with a key of the side it names a picture: what shows the same has the same, in every training.
    """

    side: Side
    gather: Gather
    name: str


def view_of(side: Side, augmenter: Augmenter, number: int, threads: Threads) -> View:
    """Return one view of a training side. Nothing is gathered yet.

    Args:
        side: of images.
        augmenter: what changes and mixes them.
        number: which view of each image.
        threads: what works on the images side by side.
    """
    gather = augmented(side, augmenter, number, threads)
    name = f"{augmenter.name}-{number}" if augmenter.active else PLAIN
    keys = augmenter.names(side.keys, number)
    mixing = augmenter.mixing(side.keys, number, *side.rows.shape[:2])
    if mixing is None:
        return View(side if keys is side.keys else replace(side, keys=keys), gather, name)
    labels, weights = mixing.mixed(side.labels), mixing.mixed(side.weights)

    def mixed(positions: np.ndarray) -> np.ndarray:
        both, place = np.unique(np.concatenate([positions, mixing.partners[positions]]), return_inverse=True)
        images, (own, others) = gather(both), place.reshape(2, -1)
        return mixing.pictures(images[own], images[others], positions, threads)

    return View(replace(side, labels=labels, weights=weights, keys=mixing.keys(keys)), mixed, name)
