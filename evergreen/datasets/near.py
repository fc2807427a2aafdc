"""Near-duplicates: images whose perceptual hashes differ in few bits.

Every pair is found, and none twice, without looking at all N²/2 of them. Of ``bits + 1`` blocks of a hash, at least one
is equal in two hashes that differ in ``bits`` bits (the pigeonhole principle; Norouzi, Punjani and Fleet, "Fast search
in Hamming space with multi-index hashing", 2012): so for each block only hashes whose block is equal are compared, by
brute force. Equal hashes are one throughout, so copies cost nothing. Of the libraries that search so, faiss 1.15
(IndexBinaryMultiHash) took 13 s of CPU for a million random hashes where this takes half a second, keeps all pairs in
memory, both ways round (1.3 GiB where each hash has 49 copies), and is 66 MiB; pybktree walks its tree in Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np

_PAIRS_AT_ONCE = 1 << 20
_COMPARED_AT_ONCE = 1 << 15  # what is compared stays in the processor's cache
_WIDEST = 16  # bits of a block: NumPy sorts numbers of 16 bits by their digits, in linear time
_NOBODY = np.iinfo(np.int64).max
_SHIFT = 48  # bits of a position


def hashes_of(hexadecimal: list[str]) -> np.ndarray:
    """Return perceptual hashes as (N,) uint64; those of plain pictures, which have none, are masked: near nobody."""
    digits = bytes.fromhex("".join([value.zfill(16) for value in hexadecimal]))
    hashes = np.frombuffer(digits, ">u8").astype(np.uint64)
    masked: np.ndarray = np.ma.masked_array(hashes, [not value for value in hexadecimal])  # type: ignore[no-untyped-call]
    return masked


def groups(hashes: np.ndarray, bits: int) -> np.ndarray:
    """Return for every image the position of the first image of its group, (N,) int64.

    A group holds whatever is reached by steps of at most ``bits``: on tiny pictures it can swallow half a class. Pairs
    are joined whenever there are as many as images: a group of n has up to n²/2 of them.

    Args:
        hashes: (N,) uint64, masked where there is none.
        bits: largest Hamming distance, 0-64.
    """
    where, values, value = _distinct(hashes)
    group = np.arange(len(values))
    waiting, held = [np.empty((2, 0), np.int64)], 0
    for one, other, _ in _near(values, bits):
        apart = group[one] != group[other]
        waiting.append(np.stack([one[apart], other[apart]]))
        held += waiting[-1].shape[1]
        if held >= max(len(values), _PAIRS_AT_ONCE):
            group, waiting, held = _joined(group, np.concatenate(waiting, axis=1)), waiting[:1], 0
    group = _joined(group, np.concatenate(waiting, axis=1))
    first = np.arange(len(hashes))
    first[where] = _earliest(where, group[value], len(values))[group[value]]
    return first


def nearest_earlier(hashes: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return for every image the nearest earlier one at most ``bits`` away, of those equally near the first.

    Args:
        hashes: (N,) uint64, masked where there is none.
        bits: largest Hamming distance, 0-64.

    Returns:
        Its position, (N,) int64, -1 where there is none; and the distance, (N,) int64, 0 there.
    """
    where, values, value = _distinct(hashes)
    first = _earliest(where, value, len(values))
    best = np.full(len(values), _NOBODY)  # the distance, then the position: the least is the nearest and first
    for one, other, distance in _near(values, bits):
        earlier, later = np.where(first[one] < first[other], (one, other), (other, one))
        np.minimum.at(best, later, distance.astype(np.int64) << _SHIFT | first[earlier])
    found = np.where(where == first[value], best[value], first[value])  # to all but the first of its hash, that is it
    nobody = found == _NOBODY
    nearest, distances = np.full(len(hashes), -1), np.zeros(len(hashes), np.int64)
    nearest[where] = np.where(nobody, -1, found & (1 << _SHIFT) - 1)
    distances[where] = np.where(nobody, 0, found >> _SHIFT)
    return nearest, distances


def first_of_lower_rank(hashes: np.ndarray, ranks: np.ndarray, bits: int) -> np.ndarray:
    """Return for every image the first one of a lower rank that is at most ``bits`` away: its position, or -1.

    Args:
        hashes: (N,) uint64, masked where there is none.
        ranks: (N,) int64, from 0, a handful.
        bits: largest Hamming distance, 0-64.

    Returns:
        (N,) int64.
    """
    where, values, value = _distinct(hashes)
    highest = int(ranks.max(initial=0))
    lower = np.full(
        (highest + 1, len(values)), _NOBODY
    )  # by rank and hash: the first image of that hash and lower rank
    for rank in range(highest):
        here = ranks[where] == rank
        lower[rank + 1] = np.minimum(lower[rank], _earliest(where[here], value[here], len(values)))
    best = lower.copy()
    for one, other, _ in _near(values, bits):
        for rank in range(1, highest + 1):
            np.minimum.at(best[rank], one, lower[rank, other])
            np.minimum.at(best[rank], other, lower[rank, one])
    found = best[ranks[where], value]
    first = np.full(len(hashes), -1)
    first[where] = np.where(found == _NOBODY, -1, found)
    return first


def near_any(hashes: np.ndarray, others: np.ndarray, bits: int) -> np.ndarray:
    """Return which images are at most ``bits`` away from any of some others, (N,) bool.

    Args:
        hashes: (N,) uint64, masked where there is none.
        others: (M,) uint64, masked where there is none.
        bits: largest Hamming distance, 0-64.
    """
    both: np.ndarray = np.ma.concatenate([hashes, others])  # type: ignore[no-untyped-call]
    ranks = np.repeat([1, 0], [len(hashes), len(others)])
    near: np.ndarray = first_of_lower_rank(both, ranks, bits)[: len(hashes)] >= 0
    return near


def pairs_across(hashes: np.ndarray, sides: np.ndarray, bits: int) -> np.ndarray:
    """Return every pair of images at most ``bits`` away that are on different sides, in order.

    Args:
        hashes: (N,) uint64, masked where there is none.
        sides: (N,) int64, from 0, a handful.
        bits: largest Hamming distance, 0-64.

    Returns:
        (P, 3) int64: position, later position, distance.
    """
    where, values, value = _distinct(hashes)
    count = int(sides.max(initial=0)) + 1
    place = value * count + sides[where]  # images of one hash and side lie side by side
    order = np.argsort(place, kind="stable")
    images = where[order]
    edges = np.searchsorted(place[order], np.arange(len(values) * count + 1))
    found = [np.empty((0, 3), np.int64)]
    every = np.arange(len(values))
    for one, other, distance in chain([(every, every, np.zeros_like(every))], _near(values, bits)):
        for side, another in np.argwhere(~np.eye(count, dtype=bool)).tolist():
            if one is other and side > another:  # equal hashes: once is enough
                continue
            left, right, pair = _product(edges, one * count + side, other * count + another)
            found.append(np.stack([images[left], images[right], distance[pair]], axis=1))
    pairs = np.concatenate(found)
    pairs[:, :2].sort(axis=1)
    ordered: np.ndarray = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    return ordered


def _product(edges: np.ndarray, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each of one range's members with each of another's, for pairs of ranges, and which pair it is.

    Args:
        edges: where ranges begin, and the last one ends.
        one: (P,) numbers of ranges.
        other: (P,) likewise.
    """
    widths = edges[other + 1] - edges[other]
    sizes = (edges[one + 1] - edges[one]) * widths
    pair = np.repeat(np.arange(len(one)), sizes)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return edges[one[pair]] + within // widths[pair], edges[other[pair]] + within % widths[pair], pair


def _distinct(hashes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the positions of the hashes that there are, (K,); the different ones, (V,); and which each is, (K,)."""
    where = np.flatnonzero(~np.ma.getmaskarray(hashes))  # type: ignore[no-untyped-call]
    values, value = np.unique(np.asarray(hashes)[where], return_inverse=True)
    return where, values, value


def _earliest(where: np.ndarray, kind: np.ndarray, count: int) -> np.ndarray:
    """Return the least of ``where``, which rises, for each of so many kinds; ``_NOBODY`` for one that none is of."""
    first = np.full(count, _NOBODY)
    first[kind[::-1]] = where[::-1]
    return first


def _near(values: np.ndarray, bits: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield every pair of different hashes at most ``bits`` away once: two positions and the distance, (n,) int64 each.

    Hashes are sorted by their block, those of the fullest buckets first. So each is compared with the one that stands a
    step behind it in one go, then those two steps apart, and so on: what still has anybody in its bucket so far
    behind is the beginning, which gets shorter. A bucket of n takes n steps, and no Python for each bucket.

    Args:
        values: (V,) uint64, each once.
        bits: largest Hamming distance.
    """
    masks, keys = _blocks(values, bits)
    for number, (mask, key) in enumerate(zip(masks, keys, strict=True)):
        sizes = np.bincount(key, minlength=1)
        fullest = np.argsort(-sizes, kind="stable")
        rank = np.empty(len(sizes), np.uint16)
        rank[fullest] = np.arange(len(sizes))
        order = np.argsort(rank[key], kind="stable")
        ordered, shrink, ends = values[order], -sizes[fullest], np.cumsum(sizes[fullest])
        for step in range(1, int(sizes.max())):
            end = int(ends[np.searchsorted(shrink, -step) - 1])
            for start in range(0, end - step, _COMPARED_AT_ONCE):
                stop = min(start + _COMPARED_AT_ONCE, end - step)
                differ = ordered[start:stop] ^ ordered[start + step : stop + step]
                near = np.flatnonzero(np.bitwise_count(differ) <= bits)
                if len(near):
                    differ = differ[near]
                    new = differ & mask == 0
                    for earlier in masks[:number]:
                        new &= differ & earlier != 0
                    at = near[new] + start
                    yield order[at], order[at + step], np.bitwise_count(differ[new]).astype(np.int64)


def _blocks(values: np.ndarray, bits: int) -> tuple[list[np.uint64], list[np.ndarray]]:
    """Return masks of blocks one of which is equal in near hashes, and the hashes' numbers in each, (V,) uint16.

    Where blocks are so narrow, or hashes so alike, that it saves nothing, it is one block without bits: everybody is in
    one bucket.
    """
    masks, keys, compared = [], [], 0.0
    for block in np.array_split(np.arange(64), min(bits, 63) + 1):
        low, width = int(block[0]), min(len(block), _WIDEST)
        key = (values >> np.uint64(low) & np.uint64((1 << width) - 1)).astype(np.uint16)
        masks.append(np.uint64(((1 << width) - 1) << low))
        keys.append(key)
        compared += float((np.bincount(key).astype(float) ** 2).sum())
        if compared > len(values) ** 2 / 2:
            return [np.uint64(0)], [np.zeros(len(values), np.uint16)]
    return masks, keys


def _joined(group: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the groups of hashes that have some already, joined by further pairs.

    Args:
        group: (V,) int64, of each the position of one of its group, which a group's number is not.
        pairs: (2, P) positions of hashes that are of one group.

    Returns:
        The like, of each the position of the first of its group.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(group)
    rows, columns = np.concatenate([np.arange(count), pairs[0]]), np.concatenate([group, pairs[1]])
    edges = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(count, count))
    numbers = connected_components(edges, directed=False)[1]
    found: np.ndarray = np.unique(numbers, return_index=True)[1][numbers]
    return found
