"""Nearest neighbours by cosine, of which none is the image itself or one that belongs together with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

COUNT = 10
NOBODY = -2  # less than any cosine: of who is no neighbour
_AT_ONCE = 1 << 24  # similarities in memory: 64 MiB
DIGITS = 5  # the last ones depend on how many threads multiply


@dataclass(frozen=True)
class Neighbours:
    """The nearest of each image, nearest first.

    Attributes:
        index: (N, k) int64, positions; k is ``COUNT``, or fewer where there are fewer images.
        similarity: (N, k) float32, the cosines, -1 to 1; ``NOBODY`` where an image has fewer neighbours than k.
    """

    index: np.ndarray
    similarity: np.ndarray

    @property
    def distance(self) -> np.ndarray:
        """The mean cosine distance to them, (N,) float64, 0-2; 2 where there is none."""
        there = self.similarity >= -1
        total = np.where(there, 1 - self.similarity.astype(np.float64), 0).sum(axis=1)
        return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), 2.0)


def nearest(features: np.ndarray, units: np.ndarray, among: np.ndarray | None = None) -> Neighbours:
    """Return each image's nearest neighbours outside its own unit, by brute force; of equally near ones the first.

    Args:
        features: (N, C) float32, each row of length 1.
        units: (N,) int64, what belongs together: near-duplicates and groups are no evidence for each other.
        among: positions that may be neighbours, rising; None is all.
    """
    others = np.arange(len(features)) if among is None else among
    count = min(COUNT, len(others))
    index = np.empty((len(features), count), np.int64)
    similarity = np.empty((len(features), count), np.float32)
    for block, near in cosines(features, np.arange(len(features)), others):
        near[units[block, None] == units[others]] = NOBODY
        for row, values, first in zip(block, near, largest(near, count), strict=True):
            index[row], similarity[row] = others[first], values[first]
    return Neighbours(index, similarity)


def cosines(features: np.ndarray, some: np.ndarray, others: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, block by block, positions of some images, (B,), and their cosines with others, (B, M) float32.

    Args:
        features: (N, C) float32, each row of length 1.
        some: positions.
        others: (M,), positions.
    """
    pool = features[others].T
    size = max(1, _AT_ONCE // max(1, len(others)))
    for start in range(0, len(some), size):
        block = some[start : start + size]
        yield block, np.round(features[block] @ pool, DIGITS)


def largest(values: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Yield for each row where its largest values are, the largest first; of equal ones the first.

    Args:
        values: (N, M).
        count: how many of a row, 1 to M.
    """
    # The rank among equals is the place: a stable sort of the few that may be among the largest.
    least = np.partition(values, -count, axis=1)[:, -count]
    for row, bound in zip(values, least, strict=True):
        some = np.flatnonzero(row >= bound)
        yield some[np.argsort(-row[some], kind="stable")][:count]


def votes(neighbours: Neighbours, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return (N, K) probabilities: shares of the neighbours' labels, nearer ones counting more, none of them 0.

    A neighbour weighs as the farthest one's distance over its own, 4 at most (after Dudani 1976, IEEE SMC-6, 325-327),
    and one vote is shared by all classes as they are among the labels: ten neighbours prove no zero.

    Args:
        neighbours: of N images.
        labels: (N,) int64.
        classes: how many.
    """
    distance = np.sqrt(np.maximum(2 - 2 * neighbours.similarity.astype(np.float64), 0))
    there = neighbours.similarity >= -1
    farthest = np.where(there, distance, 0).max(axis=1, keepdims=True)
    weight = np.where(there, farthest / np.maximum(distance, farthest * 0.25 + 1e-9), 0.0)
    prior = np.bincount(labels, minlength=classes) / len(labels)
    counted = np.zeros((len(labels), classes))
    for column in range(neighbours.index.shape[1]):
        np.add.at(counted, (np.arange(len(labels)), labels[neighbours.index[:, column]]), weight[:, column])
    return np.asarray((counted + prior) / (counted.sum(axis=1, keepdims=True) + 1))
