"""How odd a window of images is among windows that are drawn at random: p-values that hold for any statistic.

New images and the calibration are one pool. If the new ones are no different, any choice of as many units of the pool
might have been the new ones: the share of random choices whose statistic is as large is a p-value that holds exactly,
however few images there are and whatever is measured (permutation test: Fisher 1935; as conformal prediction: Vovk et
al. 2005, section 7). What is measured may know the reference, which is not in the pool, and neither half labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import comb

import numpy as np

WINDOWS = 1999
# Statistics that differ by less are one: their last digits depend on the order of sums.
_DIGITS = 9


@dataclass(frozen=True)
class Windows:
    """Choices of units from a pool: the first is that of the new images.

    Attributes:
        chosen: (B + 1, P) float32, 1 for the images of a choice.
        smallest: the least p-value that so many units can give.
    """

    chosen: np.ndarray
    smallest: float

    @property
    def sizes(self) -> np.ndarray:
        """(B + 1, 1) how many images each choice has."""
        return np.asarray(self.chosen.sum(axis=1, keepdims=True))


def windows(beside: np.ndarray, new: np.ndarray, seed: int, count: int = WINDOWS) -> Windows:
    """Return random choices of as many units as the new images have.

    Args:
        beside: (M,) int64, units of the calibration's images, which come first in the pool.
        new: (N,) int64, units of the new images; a number means another unit than among ``beside``.
        seed: of the draw.
        count: B, how many choices beside that of the new images.
    """
    _, held = np.unique(beside, return_inverse=True)
    _, came = np.unique(new, return_inverse=True)
    others, own = int(held.max()) + 1, int(came.max()) + 1
    pool = np.concatenate([held, came + others])
    random = np.random.default_rng(seed)
    drawn = random.random((count, others + own)).argsort(axis=1)[:, :own]
    units = np.zeros((count + 1, others + own), bool)
    units[0, others:] = True
    units[np.arange(1, count + 1)[:, None], drawn] = True
    smallest = max(1 / (count + 1), 1 / comb(others + own, own))
    return Windows(units[:, pool].astype(np.float32), smallest)


def p_values(statistics: Mapping[str, np.ndarray]) -> tuple[dict[str, float], dict[str, float], float]:
    """Return what statistics of several tests say, each and together.

    Together, the largest statistic, each in standard deviations over all windows, is held against the largest of each
    random window: that counts how many tests there are and how they hang together, which a correction by their number
    would not (maxT: Westfall and Young 1993).

    Args:
        statistics: test -> (B + 1,), of the new images first; larger is odder.

    Returns:
        Test -> p-value by itself; test -> p-value with all tests counted; the least of these.
    """
    each = {name: standard(values) for name, values in statistics.items()}
    largest = np.max(list(each.values()), axis=0)
    alone = {name: float((values >= values[0]).mean()) for name, values in each.items()}
    together = {name: float((largest >= values[0]).mean()) for name, values in each.items()}
    return alone, together, min(together.values())


def standard(values: np.ndarray) -> np.ndarray:
    """Return values less their mean, in standard deviations; zeros where all are one."""
    spread = float(values.std())
    if spread < 10.0**-_DIGITS * max(1.0, float(np.abs(values).max())):
        return np.zeros(len(values))
    return np.asarray(np.round((values - values.mean()) / spread, _DIGITS))
