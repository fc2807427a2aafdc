"""evergreen.datasets.splitting.cutting: shares of each class from units that stay whole."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.datasets.splitting.cutting import cut


def _shares(counts: np.ndarray, taken: np.ndarray) -> np.ndarray:
    return counts[taken].sum(axis=0) / counts.sum(axis=0)


@pytest.mark.parametrize("share", [0.1, 0.15, 0.33, 0.4])
@pytest.mark.parametrize("units", [40, 400])
def test_many_units_come_near_every_share_of_every_class(share: float, units: int) -> None:
    counts = np.random.default_rng(3).integers(0, 30, (units, 6))
    found = cut(counts, share * counts.sum(axis=0), 2, 1)
    assert not found.lacking.any()
    assert _shares(counts, found.taken) == pytest.approx(np.full(6, share), abs=0.03)


def test_images_that_are_alone_fill_up_what_the_larger_units_leave() -> None:
    counts = np.concatenate([np.array([[30, 0], [0, 7], [12, 12]]), np.repeat(np.eye(2, dtype=int), 200, axis=0)])
    found = cut(counts, 0.2 * counts.sum(axis=0), 2, 1)
    assert counts[found.taken].sum(axis=0).tolist() == np.round(0.2 * counts.sum(axis=0)).tolist()


def test_one_huge_unit_does_not_spoil_the_share() -> None:
    counts = np.array([[300, 300]] + [[20, 20]] * 10)
    assert _shares(counts, cut(counts, 0.15 * counts.sum(axis=0), 2, 1).taken).tolist() == [0.16, 0.16]


def test_a_seed_chooses_among_equals_and_none_takes_the_first() -> None:
    counts = np.full((12, 2), 10)
    taken = {seed: tuple(cut(counts, 0.25 * counts.sum(axis=0), 1, seed).taken) for seed in range(8)}
    assert len(set(taken.values())) > 1
    assert all(sum(mask) == 3 for mask in taken.values())
    assert cut(counts, 0.25 * counts.sum(axis=0), 1, None).taken.nonzero()[0].tolist() == [0, 1, 2]
    alone = np.repeat(np.eye(2, dtype=int), 8, axis=0)
    assert cut(alone, np.array([2.0, 2.0]), 1, None).taken.nonzero()[0].tolist() == [0, 1, 8, 9]


def test_classes_that_no_choice_can_give_to_both_sides_are_named() -> None:
    found = cut(np.array([[5, 5, 0], [0, 5, 5], [5, 0, 5]]), np.array([3.0, 3.0, 3.0]), 1, 1)
    assert found.lacking.any()
    assert cut(np.array([[5, 5], [9, 9]]), np.array([3.0, 3.0]), 2, 1).lacking.tolist() == [True, True]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 4)] * 3).filter(any), min_size=1, max_size=7),
    st.sampled_from([0.1, 0.25, 0.5]),
    st.integers(1, 2),
    st.one_of(st.none(), st.integers(0, 9)),
)
def test_if_some_choice_gives_every_class_to_both_sides_it_is_found(
    units: list[tuple[int, int, int]], share: float, later: int, seed: int | None
) -> None:
    counts = np.array(units)
    found = cut(counts, share * counts.sum(axis=0), later, seed)
    has = counts > 0

    def serves(mask: np.ndarray) -> bool:
        return bool((has[mask].sum(axis=0) >= 1).all() and (has[~mask].sum(axis=0) >= later).all())

    assert found.lacking.any() == (not serves(found.taken))
    if found.lacking.any():
        choices = [np.array(mask) for mask in product([False, True], repeat=len(units))]
        assert not any(serves(mask) for mask in choices)
