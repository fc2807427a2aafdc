"""evergreen.datasets.near, against the plainest arithmetic."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.datasets import near
from evergreen.datasets.near import groups, hashes_of, near_any, neighbours


def test_hashes_are_64_bits() -> None:
    assert hashes_of(["0000000000000001", "ffffffffffffffff"]).tolist() == [1, 2**64 - 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**8 - 1), max_size=40), st.integers(0, 4), st.sampled_from([1, 50, 1 << 20]))
def test_every_pair_is_found_once(values: list[int], bits: int, block: int) -> None:
    hashes = np.array(values, np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_PAIRS_AT_ONCE", block)
        found = [
            (index, int(other), int(distance))
            for index, later, distances in neighbours(hashes, bits)
            for other, distance in zip(later, distances, strict=True)
        ]
        group = groups(hashes, bits).tolist()
    expected = [
        (one, two, (values[one] ^ values[two]).bit_count())
        for one in range(len(values))
        for two in range(one + 1, len(values))
        if (values[one] ^ values[two]).bit_count() <= bits
    ]
    assert sorted(found) == expected
    known = list(range(len(values)))
    for _ in values:
        for one, two, _ in expected:
            known[one] = known[two] = min(known[one], known[two])
    assert group == known


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**16 - 1), max_size=60), st.integers(0, 5), st.sampled_from([1, 50, 1 << 20]))
def test_a_group_is_what_can_be_reached(values: list[int], bits: int, block: int) -> None:
    reached: dict[int, int] = {}
    for start in range(len(values)):
        waiting = [start] if start not in reached else []
        while waiting:
            here = waiting.pop()
            reached[here] = start
            waiting += [
                other
                for other in range(len(values))
                if other not in reached and (values[here] ^ values[other]).bit_count() <= bits
            ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "_PAIRS_AT_ONCE", block)
        found = groups(np.array(values, np.uint64), bits)
    assert (found.tolist(), found.dtype) == ([reached[index] for index in range(len(values))], np.int64)


def test_one_large_group_needs_no_memory_for_its_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near, "_PAIRS_AT_ONCE", 1 << 13)
    alike = np.arange(3000, dtype=np.uint64) % 16
    groups(alike[:100], 4)  # what is imported is not counted
    tracemalloc.start()
    try:
        assert not groups(alike, 4).any()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4e6  # the 4.5 million pairs alone are 72 MB


def test_near_any_says_which_images_are_near_some_other() -> None:
    generator = np.random.default_rng(3)
    hashes, others = (generator.integers(0, 2**10, size, dtype=np.uint64) for size in (300, 40))
    for bits in (0, 1, 2):
        expected = [any((int(one) ^ int(other)).bit_count() <= bits for other in others) for one in hashes]
        assert near_any(hashes, others, bits).tolist() == expected
    assert not near_any(hashes, others[:0], 64).any()
    assert near_any(hashes[:0], others, 64).shape == (0,)


def test_what_has_no_hash_is_near_nobody_and_a_group_of_its_own() -> None:
    hashes = hashes_of(["", "0000000000000001", "", "0000000000000003", "0000000000000000"])
    found = [(index, other.tolist()) for index, other, _ in neighbours(hashes, 1)]
    assert found == [(1, [3, 4])]
    assert groups(hashes, 1).tolist() == [0, 1, 2, 1, 1]
    assert near_any(hashes, hashes_of(["", "0000000000000000"]), 1).tolist() == [False, True, False, False, True]
    assert not near_any(hashes, hashes_of(["", ""]), 64).any()
    assert not near_any(hashes_of(["", ""]), hashes, 64).any()
    assert hashes_of([]).shape == (0,)
