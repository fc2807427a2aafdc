"""Near-duplicates: images whose perceptual hashes differ in few bits."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import repeat

import numpy as np

_PAIRS_AT_ONCE = 1 << 20


def hashes_of(hexadecimal: list[str]) -> np.ndarray:
    """Return perceptual hashes as (N,) uint64; those of plain pictures, which have none, are masked: near nobody."""
    hashes = np.array([int(value or "0", 16) for value in hexadecimal], np.uint64)
    masked: np.ndarray = np.ma.masked_array(hashes, [not value for value in hexadecimal])  # type: ignore[no-untyped-call]
    return masked


def neighbours(hashes: np.ndarray, bits: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield (i, later, distances) for every image that has later ones at most ``bits`` away.

    Every pair is looked at, in blocks: 60,000 images are 1.8e9 pairs and some seconds, and the memory stays flat.

    Args:
        hashes: (N,) uint64, masked where there is none.
        bits: largest Hamming distance, 0-64.
    """
    where, hashes = _known(hashes)
    size = max(1, _PAIRS_AT_ONCE // max(1, len(hashes)))
    for start in range(0, len(hashes), size):
        block = hashes[start : start + size]
        distance = np.bitwise_count(block[:, None] ^ hashes[None, start:])
        rows, columns = np.nonzero(distance <= bits)
        later = columns > rows
        rows, columns = rows[later], columns[later]
        edges = np.searchsorted(rows, np.arange(len(block) + 1))
        for row in range(len(block)):
            some = columns[edges[row] : edges[row + 1]]
            if len(some):
                yield int(where[start + row]), where[start + some], distance[row, some]


def pairs(hashes: np.ndarray, bits: int) -> Iterator[tuple[int, int, int]]:
    """Yield (i, later, distance) for every pair of images at most ``bits`` away, each once."""
    for index, later, distances in neighbours(hashes, bits):
        for other, distance in zip(later.tolist(), distances.tolist(), strict=True):
            yield index, other, distance


def groups(hashes: np.ndarray, bits: int) -> np.ndarray:
    """Return for every image the position of the first image of its group, (N,) int64.

    A group holds whatever is reached by steps of at most ``bits``: on tiny pictures it can swallow half a class. Pairs
    are joined whenever there are as many as images: a group of n has up to n²/2 of them.
    """
    first = np.arange(len(hashes), dtype=np.int64)
    most = max(len(hashes), _PAIRS_AT_ONCE)
    ones, others = array("q"), array("q")
    for index, later, _ in neighbours(hashes, bits):
        ones.extend(repeat(index, len(later)))
        others.extend(later.tolist())
        if len(ones) >= most:
            first = _joined(first, ones, others)
            ones, others = array("q"), array("q")
    return _joined(first, ones, others)


def _joined(first: np.ndarray, ones: array[int], others: array[int]) -> np.ndarray:
    """Return ``groups`` of images that have some already, joined by further pairs.

    Args:
        first: (N,) int64, as ``groups`` returns it.
        ones: (P,) positions.
        others: (P,) positions, each in one group with its like in ``ones``.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(first)
    rows, columns = np.concatenate([np.arange(count), ones]), np.concatenate([first, others])
    edges = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))
    _, group = connected_components(edges, directed=False)
    _, starts = np.unique(group, return_index=True)
    joined: np.ndarray = starts[group]
    return joined


def near_any(hashes: np.ndarray, others: np.ndarray, bits: int) -> np.ndarray:
    """Return which images are at most ``bits`` away from any of some others, (N,) bool.

    Args:
        hashes: (N,) uint64, masked where there is none.
        others: (M,) uint64, masked where there is none.
        bits: largest Hamming distance, 0-64.
    """
    near = np.zeros(len(hashes), bool)
    (where, hashes), (_, others) = _known(hashes), _known(others)
    size = max(1, _PAIRS_AT_ONCE // max(1, len(others)))
    for start in range(0, len(hashes) if len(others) else 0, size):
        block = hashes[start : start + size]
        alike = (np.bitwise_count(block[:, None] ^ others[None, :]) <= bits).any(axis=1)
        near[where[start : start + size]] = alike
    return near


def _known(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the hashes that there are, (K,) int64, and these, (K,) uint64."""
    where = np.flatnonzero(~np.ma.getmaskarray(hashes))  # type: ignore[no-untyped-call]
    return where, np.asarray(hashes)[where]
