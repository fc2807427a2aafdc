"""Nearest neighbours by cosine, of which none is the image itself or one that belongs together with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COUNT = 10
_AT_ONCE = 1 << 24  # similarities in memory: 64 MiB
_DIGITS = 5  # the last ones depend on how many threads multiply


@dataclass(frozen=True)
class Neighbours:
    """The nearest of each image, nearest first.

    Attributes:
        index: (N, k) int64, positions; k is ``COUNT``, or fewer where there are fewer images.
        similarity: (N, k) float32, the cosines, -1 to 1; -2 where an image has fewer neighbours than k.
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
    pool, pool_units = features[others], units[others]
    index = np.empty((len(features), count), np.int64)
    similarity = np.empty((len(features), count), np.float32)
    size = max(1, _AT_ONCE // max(1, len(others)))
    for start in range(0, len(features), size):
        rows = slice(start, start + size)
        near = np.round(features[rows] @ pool.T, _DIGITS)
        near[units[rows, None] == pool_units[None]] = -2
        # The rank of an image among equals is its place: a stable sort of the few that may be among the nearest.
        least = np.partition(near, -count, axis=1)[:, -count]
        for row, (values, bound) in enumerate(zip(near, least, strict=True), start=start):
            some = np.flatnonzero(values >= bound)
            some = some[np.argsort(-values[some], kind="stable")][:count]
            index[row], similarity[row] = others[some], values[some]
    return Neighbours(index, similarity)


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
