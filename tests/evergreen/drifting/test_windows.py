"""evergreen.drifting.windows: p-values that hold, whatever is measured and however few images there are."""

import numpy as np
import pytest

from evergreen.drifting.windows import p_values, windows


def test_under_no_difference_p_values_are_as_rare_as_they_say_also_of_two_tests_that_hang_together() -> None:
    random = np.random.default_rng(0)
    false = 0
    for seed in range(200):
        pool = random.normal(size=60)
        chosen = windows(np.arange(45), np.arange(15), seed, 199)
        mean = np.abs(chosen.chosen @ pool) / 15
        tests = {"mean": mean, "the same, nearly": mean + 1e-3 * np.abs(chosen.chosen @ pool**2), "none": np.zeros(200)}
        alone, together, least = p_values(tests)
        assert alone["none"] == 1
        assert all(alone[name] <= together[name] for name in tests)
        false += least <= 0.05
    assert 2 <= false <= 20  # 10 of 200 are expected


def test_the_new_images_are_the_first_window_and_groups_move_as_one() -> None:
    beside, new = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 1])
    chosen = windows(beside, new, 0, 500)
    assert chosen.chosen[0].tolist() == [0] * 6 + [1] * 4
    assert {tuple(row[[0, 1, 2]]) for row in chosen.chosen} == {(0, 0, 0), (1, 1, 1)}  # never part of a group
    assert set(chosen.sizes[:, 0]) <= {2, 3, 4, 5, 6} - {6}
    assert chosen.smallest == pytest.approx(1 / 10)  # two of five groups can be chosen in ten ways


def test_a_window_beyond_all_others_has_the_least_p_value() -> None:
    chosen = windows(np.arange(300), np.arange(30), 0, 999)
    pool = np.concatenate([np.zeros(300), np.ones(30)])
    _, together, least = p_values({"share": (chosen.chosen @ pool)})
    assert together["share"] == least == chosen.smallest == 1 / 1000
