"""Lengths, distances and axes, against what they are by definition."""

import numpy as np

from evergreen.vectors import squared_distances, unit_length, with_fixed_signs

ROWS = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)


def test_rows_have_length_1_but_for_one_of_zeros() -> None:
    found = unit_length(np.vstack([ROWS, np.zeros(4, np.float32)]))
    assert found.dtype == np.float64
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [1, 1, 1, 1, 1, 0], atol=1e-7)


def test_distances_are_those_of_each_pair_and_none_is_negative() -> None:
    found = squared_distances(ROWS, ROWS[:2])
    np.testing.assert_allclose(found, ((ROWS[:, None] - ROWS[None, :2]) ** 2).sum(axis=-1), atol=1e-5)
    assert squared_distances(ROWS * 1e6, ROWS * 1e6).min() == 0


def test_an_axis_and_its_opposite_are_one() -> None:
    axes = np.linalg.qr(ROWS.astype(np.float64).T)[0]
    np.testing.assert_array_equal(with_fixed_signs(axes), with_fixed_signs(-axes))
    assert (with_fixed_signs(axes).max(axis=0) == np.abs(axes).max(axis=0)).all()
