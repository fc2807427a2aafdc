"""Mixup (Zhang et al. 2017, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899).

The partner of an image is drawn from the whole training side, by the seed, the view and the keys alone. Libraries take
it from the image's batch, so that who is mixed with whom hangs on the batch size, the order, and where a training was
taken up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from blake3 import blake3

from evergreen.images.augmenting.draws import boxes, digests, purpose, uniform

if TYPE_CHECKING:
    from evergreen.images.threads import Threads

_RANK_BYTES = 16


@dataclass(frozen=True)
class Mixing:
    """How the N images of a training side are mixed in one view of them.

    Attributes:
        partners: (N,) int64, the position of the image that is mixed into each.
        shares: (N,) float64, 0-1, how much of the mixed picture is the image itself.
        cut: (N,) bool, whether the partner is pasted in as a box; else both are blended.
        boxes: (N, 4) int64, top, left, bottom, right of the box; without pixels where both are blended.
    """

    partners: np.ndarray
    shares: np.ndarray
    cut: np.ndarray
    boxes: np.ndarray

    def keys(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return a key of 32 bytes for each mixed picture: what both pictures are, and how they are mixed."""
        facts = zip(keys, self.partners.tolist(), self.shares, self.cut, self.boxes, strict=True)
        return [
            blake3(key + keys[partner] + share.tobytes() + cut.tobytes() + box.tobytes()).digest()
            for key, partner, share, cut, box in facts
        ]

    def mixed(self, values: np.ndarray) -> np.ndarray:
        """Return labels (N, K) or weights (N,) mixed as their pictures are, float32."""
        shares = self.shares.reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
        return np.asarray(shares * values + (1 - shares) * values[self.partners], np.float32)

    def pictures(self, own: np.ndarray, others: np.ndarray, positions: np.ndarray, threads: Threads) -> np.ndarray:
        """Return mixed pictures, (n, H, W, 3) uint8; a blend is rounded to whole grey levels.

        Args:
            own: (n, H, W, 3) uint8, some images of the side as the view shows them.
            others: their partners, alike.
            positions: (n,) of those images on the side.
            threads: what works on the images side by side.
        """
        mixed = np.empty_like(own)

        def mix(index: int) -> None:
            position = positions[index]
            if not self.cut[position]:
                share = float(self.shares[position])
                cv2.addWeighted(own[index], share, others[index], 1 - share, 0, dst=mixed[index])
                return
            top, left, bottom, right = self.boxes[position]
            mixed[index] = own[index]
            mixed[index, top:bottom, left:right] = others[index, top:bottom, left:right]

        threads.each(mix, len(own))
        return mixed


def draw(keys: Sequence[bytes], mixup: float, cutmix: float, seed: int, view: int, height: int, width: int) -> Mixing:
    """Return how all images of a training side are mixed in one view.

    With both, each image has one of them with probability 1/2, as in timm. A CutMix box has the picture's aspect and
    its middle anywhere; what of it lies outside is cut off, and the share is that of the pixels that stay.

    Args:
        keys: one an image of the whole side, all different.
        mixup: parameter of the Beta distribution of a blend's share; 0: nothing is blended.
        cutmix: parameter of the Beta distribution of a box's share; 0: nothing is pasted.
        seed: of the recipe.
        view: number of the view, from 0.
        height: of the images, in pixels.
        width: of the images, in pixels.
    """
    drawn = uniform(keys, purpose("mixing", seed, view), 5)
    cut = drawn[:, 0] < (0.5 if mixup else 1) if cutmix else np.zeros(len(keys), bool)
    shares = np.where(cut, _symmetric_beta(cutmix or 1, drawn[:, 1:3]), _symmetric_beta(mixup or 1, drawn[:, 1:3]))
    side = np.sqrt(1 - shares)
    high, wide = (side * height).astype(np.int64), (side * width).astype(np.int64)
    middle_y, middle_x = (drawn[:, 3] * height).astype(np.int64), (drawn[:, 4] * width).astype(np.int64)
    cuts = boxes(middle_y - high // 2, middle_x - wide // 2, high, wide, (height, width))
    cuts[~cut] = 0
    covered = (cuts[:, 2] - cuts[:, 0]) * (cuts[:, 3] - cuts[:, 1]) / (height * width)
    return Mixing(_partners(keys, seed, view), np.where(cut, 1 - covered, shares), cut, cuts)


def _partners(keys: Sequence[bytes], seed: int, view: int) -> np.ndarray:
    """Return (N,) int64: images in a random ring, each the partner of the one before; nobody is their own."""
    ranks = digests(keys, purpose("partner", seed, view), _RANK_BYTES)
    ring = np.array(sorted(range(len(keys)), key=ranks.__getitem__), np.int64)
    partners = np.empty_like(ring)
    partners[ring] = np.roll(ring, -1)
    return partners


def _symmetric_beta(a: float, drawn: np.ndarray) -> np.ndarray:
    """Return (N,) draws of Beta(a, a) from (N, 2) even ones in [0, 1), without rejection.

    By Student's t with 2a degrees of freedom (Bailey 1994, doi:10.1090/S0025-5718-1994-1219703-5), of which a symmetric
    beta variate is a function (Devroye 1996, "Random variate generation in one line of code", section 3).
    """
    turn = np.cos(2 * np.pi * drawn[:, 1])
    with np.errstate(divide="ignore", over="ignore"):
        square = ((1 - drawn[:, 0]) ** (-1 / a) - 1) * turn**2
        return np.asarray((1 + np.sign(turn) / np.sqrt(1 + 1 / square)) / 2)
