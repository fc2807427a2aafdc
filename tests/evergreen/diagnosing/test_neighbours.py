"""evergreen.diagnosing.neighbours: the nearest outside one's own unit, and what they vote."""

import numpy as np
import pytest

from evergreen.diagnosing import neighbours
from evergreen.diagnosing.neighbours import largest, nearest, votes
from evergreen.vectors import unit_length


def test_neighbours_are_those_of_a_plain_search_and_never_of_ones_own_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    features, units = unit_length(rng.normal(size=(90, 6))).astype(np.float32), np.arange(90) // 3
    found = nearest(features, units)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 200)  # two rows at a time
    again = nearest(features, units)
    assert (found.index == again.index).all()
    cosines = np.round(features @ features.T, 5)
    cosines[units[:, None] == units[None]] = -2
    expected = np.argsort(-cosines, axis=1, kind="stable")[:, :10]
    assert (found.index == expected).all()
    assert found.distance == pytest.approx(1 - np.take_along_axis(cosines, expected, axis=1).mean(axis=1), abs=1e-5)
    some = nearest(features, units, np.arange(0, 90, 2))
    assert set(some.index.ravel() % 2) == {0}


def test_whoever_has_nobody_outside_its_unit_is_answered_by_the_labels_shares() -> None:
    found = nearest(unit_length(np.ones((4, 2))).astype(np.float32), np.zeros(4, np.int64))
    assert (found.distance == 2).all()
    assert votes(found, np.array([0, 0, 0, 1]), 2) == pytest.approx(np.tile([0.75, 0.25], (4, 1)))


def test_near_ones_count_more_and_no_class_has_nothing() -> None:
    angles = np.array([0.0, 0.01, 1.0, 1.1])
    found = nearest(unit_length(np.stack([np.cos(angles), np.sin(angles)], axis=1)).astype(np.float32), np.arange(4))
    scores = votes(found, np.array([0, 0, 1, 1]), 2)
    assert scores.sum(axis=1) == pytest.approx(np.ones(4))
    assert (scores > 0).all()
    assert scores[0, 0] > 0.6  # one neighbour of its class, two farther ones of the other


def test_of_equally_large_values_the_first_come_first() -> None:
    values = np.array([[1, 3, 3, 2, 3], [5, 0, 5, 0, 1]], np.float32)
    assert [row.tolist() for row in largest(values, 2)] == [[1, 2], [0, 2]]
    assert [row.tolist() for row in largest(values, 5)] == [[1, 2, 4, 3, 0], [0, 2, 4, 1, 3]]
