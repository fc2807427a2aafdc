"""evergreen.datasets.near, against the plainest arithmetic."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.datasets import near
from evergreen.datasets.near import (
    first_of_lower_rank,
    groups,
    hashes_of,
    near_any,
    nearest_earlier,
    pairs_across,
)

# A few pictures, and what is a few bits away from them, copies among it: whether blocks, buckets or neither help.
_FLIPS = st.sets(st.integers(0, 63), max_size=4).map(lambda bits: sum(1 << bit for bit in bits))
_CLUSTERED = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12).flatmap(
    lambda bases: st.lists(st.builds(int.__xor__, st.sampled_from(bases), _FLIPS), max_size=50)
)
_TINY = st.lists(st.integers(0, 2**8 - 1), max_size=40)
_EQUAL = st.builds(lambda value, count: [value] * count, st.integers(0, 2**64 - 1), st.integers(0, 30))
_BLANK = st.just([""] * 5)
HASHES = st.one_of(_CLUSTERED, _TINY, _EQUAL).map(lambda values: [f"{value:016x}" for value in values])
SOME_BLANK = st.one_of(HASHES, st.lists(st.one_of(st.just(""), st.sampled_from(["0" * 16, "1" * 16]))), _BLANK)
BITS = st.sampled_from([1, 2, 3, 4, 7, 16, 63, 64])
AT_ONCE = st.sampled_from([1, 7, 1 << 20])


def every_pair(hexadecimal: list[str], bits: int) -> Iterator[tuple[int, int, int]]:
    """Yield (i, later, distance) of all that are near, in order: N² steps, nothing clever."""
    for later, other in enumerate(hexadecimal):
        for index, one in enumerate(hexadecimal[:later]):
            if one and other and (distance := (int(one, 16) ^ int(other, 16)).bit_count()) <= bits:
                yield index, later, distance


def test_hashes_are_64_bits() -> None:
    assert hashes_of(["0000000000000001", "ffffffffffffffff", "f"]).tolist() == [1, 2**64 - 1, 15]


@settings(max_examples=150, deadline=None)
@given(SOME_BLANK, BITS, AT_ONCE, st.data())
def test_what_is_found_is_what_comparing_every_pair_finds(
    values: list[str], bits: int, at_once: int, data: st.DataObject
) -> None:
    sides = data.draw(st.lists(st.integers(0, 2), min_size=len(values), max_size=len(values)))
    every = sorted(every_pair(values, bits))
    hashes, sided = hashes_of(values), np.array(sides, np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_PAIRS_AT_ONCE", at_once)
        patch.setattr(near, "_COMPARED_AT_ONCE", at_once)
        nearest, distances = nearest_earlier(hashes, bits)
        lower, across = first_of_lower_rank(hashes, sided, bits), pairs_across(hashes, sided, bits)
        group, any_near = groups(hashes, bits), near_any(hashes[sided > 0], hashes[sided == 0], bits)

    best: dict[int, tuple[int, int]] = {}
    first = [-1] * len(values)
    for index, later, distance in every:
        if later not in best or distance < best[later][1]:
            best[later] = index, distance
        keep, away = sorted((index, later), key=sides.__getitem__)
        if sides[keep] < sides[away] and first[away] < 0:
            first[away] = keep
    assert list(zip(nearest.tolist(), distances.tolist(), strict=True)) == [
        best.get(index, (-1, 0)) for index in range(len(values))
    ]
    assert lower.tolist() == first
    assert across.tolist() == [list(pair) for pair in every if sides[pair[0]] != sides[pair[1]]]
    known = list(range(len(values)))
    for _ in values:
        for one, two, _ in every:
            known[one] = known[two] = min(known[one], known[two])
    assert group.tolist() == known
    beside = [{one, two} for one, two, _ in every]
    left, right = ([index for index, side in enumerate(sides) if (side > 0) == judged] for judged in (True, False))
    assert any_near.tolist() == [any({one, two} in beside for two in right) for one in left]
    assert {array.dtype for array in (nearest, distances, lower, across, group)} == {np.dtype(np.int64)}


def test_only_hashes_with_an_equal_block_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = [0]

    def counted(numbers: np.ndarray) -> np.ndarray:
        compared[0] += np.size(numbers)
        return bitwise_count(numbers)

    bitwise_count = np.bitwise_count
    monkeypatch.setattr(np, "bitwise_count", counted)
    generator = np.random.default_rng(3)
    for count, most in ((20_000, 2e5), (40_000, 8e5)):  # of 2e8 and 8e8 pairs
        compared[0] = 0
        groups(generator.integers(0, 2**64 - 1, count, dtype=np.uint64), 3)
        assert compared[0] < most
    compared[0] = 0
    assert not groups(np.full(100_000, 7, np.uint64), 3).any()
    assert compared == [0]
    groups(np.arange(256, dtype=np.uint64), 3)  # three of the blocks would have everybody in one bucket, each
    assert compared[0] < 256 * 256 * 0.75  # what is near is counted again


def test_one_large_group_needs_no_memory_for_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "_PAIRS_AT_ONCE", 1 << 12)
    alike = np.arange(2048, dtype=np.uint64)
    groups(alike[:100], 11)  # what is imported is not counted
    tracemalloc.start()
    try:
        assert not groups(alike, 11).any()
        assert (nearest_earlier(alike, 11)[0] >= 0).sum() == 2047
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1e6  # the 2.1 million pairs alone are 33 MB


def test_what_has_no_hash_is_near_nobody_and_a_group_of_its_own() -> None:
    hashes = hashes_of(["", "0000000000000001", "", "0000000000000003", "0000000000000000"])
    assert nearest_earlier(hashes, 1)[0].tolist() == [-1, -1, -1, 1, 1]
    assert groups(hashes, 1).tolist() == [0, 1, 2, 1, 1]
    assert near_any(hashes, hashes_of(["", "0000000000000000"]), 1).tolist() == [False, True, False, False, True]
    assert not near_any(hashes, hashes_of(["", ""]), 64).any()
    assert not near_any(hashes_of(["", ""]), hashes, 64).any()
    assert near_any(hashes_of([]), hashes, 64).shape == (0,)
    assert hashes_of([]).shape == (0,)


def test_groups_that_are_joined_in_several_turns_take_nobody_else_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with over a million pairs: the second turn once took a group's number for the position of a hash."""
    hashes = hashes_of([f"{value:016x}" for value in (0, 1, 2, 4, 1043)])
    monkeypatch.setattr(near, "_PAIRS_AT_ONCE", 1)
    monkeypatch.setattr(near, "_COMPARED_AT_ONCE", 1)
    assert groups(hashes, 2).tolist() == [0, 0, 0, 0, 4]
