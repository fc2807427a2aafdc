"""evergreen.drifting.reference: two halves of whole units, axes of one of them, bytes that read back."""

import numpy as np
import pytest

from evergreen.drifting.reference import Known, Reference, Space, halves, sampled


def test_halves_share_no_unit_and_hold_as_many() -> None:
    units = np.arange(400) // 4
    first, second = halves(units, 0)
    assert len(first) == len(second) == 200
    assert not set(units[first]) & set(units[second])
    assert [len(half) for half in halves(units, 0, most=40)] == [40, 40]
    assert not np.array_equal(first, halves(units, 1)[0])


def test_a_sample_takes_whole_units_and_all_if_there_are_few() -> None:
    units = np.arange(100) // 10
    chosen = sampled(units, 25, 0)
    assert len(chosen) == 30
    assert np.bincount(units[chosen], minlength=10).max() == np.bincount(units[chosen])[units[chosen]].min() == 10
    assert sampled(units, 100, 0).tolist() == list(range(100))


@pytest.mark.parametrize("shape", [(50, 8), (20, 200)])
def test_axes_keep_distances_of_unit_features_but_for_what_lies_outside(shape: tuple[int, int]) -> None:
    features = np.random.default_rng(0).random(shape)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    space = Space.of(features)
    found = space(features)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.linalg.norm(unit - unit.mean(axis=0), axis=1), abs=1e-5)
    assert space(features * 7) == pytest.approx(found, abs=1e-5)
    across = np.zeros((1, shape[1]))
    across[0, 0] = 1
    if shape[1] > shape[0]:
        assert space(across)[0, -1] > 0.5  # what no image of the reference has


def test_bytes_are_the_same_twice_and_read_back() -> None:
    known = Known(np.eye(3), np.eye(3, dtype=np.float32), np.ones((3, 4), np.float32), np.arange(3))
    space = Space(np.ones(5, np.float32), np.ones((5, 2), np.float32))
    kept = Reference(known, np.array([0, 1, 1], bool), np.array([1, 0, 1], bool), space, ["a", "b", "c"], 1.5, "test")
    assert kept.as_bytes() == kept.as_bytes()
    read = Reference.read(kept.as_bytes(), kept.facts())
    assert (read.classes, read.temperature, read.judged) == (["a", "b", "c"], 1.5, "test")
    assert read.right.tolist() == [True, False, True]
    assert len(read.learned) == 1 and len(read.beside) == 2
    assert np.array_equal(read.space.axes, space.axes)
