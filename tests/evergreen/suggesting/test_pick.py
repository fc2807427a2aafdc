"""evergreen.suggesting.pick: uncertain images that stand for many, and no two alike."""

import numpy as np
import pytest

from evergreen.datasets.near import hashes_of
from evergreen.suggesting.pick import pick, uncertainty


def _blobs(*sizes: int) -> np.ndarray:
    """Return clusters of points, a hundred apart on a line each in a dimension of its own."""
    rng = np.random.default_rng(0)
    rows = [np.eye(len(sizes))[at] * 100 + rng.normal(0, 1, (size, len(sizes))) for at, size in enumerate(sizes)]
    return np.concatenate(rows)


def test_uncertainty_is_one_less_the_margin() -> None:
    scores = np.array([[0.5, 0.5, 0], [1, 0, 0], [0.2, 0.7, 0.1]], np.float32)
    assert uncertainty(scores) == pytest.approx([1, 0, 0.5])


def test_each_kind_of_image_gets_one_the_commonest_first_and_what_is_labelled_none() -> None:
    pool = _blobs(40, 10, 60, 25)
    picked = pick(pool, pool[50:52] + 0.1, np.ones(len(pool)), 3)
    kinds = np.digitize(picked.index, [40, 50, 110])
    assert kinds.tolist() == [0, 3, 1]  # the 60 of the third are like what is labelled
    assert picked.stands_for.tolist() == [40, 25, 10]


def test_what_is_uncertain_comes_before_what_is_common() -> None:
    pool = _blobs(60, 20)
    unsure = np.repeat([0.05, 0.9], [60, 20])
    assert pick(pool, pool[:0], unsure, 1).index[0] >= 60
    assert pick(pool, pool[:0], np.ones(80), 1).index[0] < 60


def test_near_duplicates_are_chosen_once_and_plain_pictures_are_none() -> None:
    pool = np.eye(4) * 100
    hashes = hashes_of(["0" * 16, "0" * 15 + "3", "f" * 16, ""])
    assert sorted(pick(pool, pool[:0], np.ones(4), 9, hashes, 2).index) == [0, 2, 3]
    assert sorted(pick(pool, pool[:0], np.ones(4), 9, hashes, 1).index) == [0, 1, 2, 3]


def test_the_same_images_are_chosen_again_and_few_or_equal_ones_are_no_trouble() -> None:
    pool = _blobs(20, 20)
    unsure = np.linspace(0, 1, 40)
    assert pick(pool, pool[:2], unsure, 7).index.tolist() == pick(pool, pool[:2], unsure, 7).index.tolist()
    assert pick(np.ones((3, 2)), np.ones((1, 2)), np.zeros(3), 5).index.tolist() == [0, 1, 2]
    assert pick(np.ones((1, 2)), np.ones((0, 2)), np.ones(1), 5).index.tolist() == [0]
    assert pick(np.ones((0, 2)), np.ones((3, 2)), np.ones(0), 5).index.tolist() == []
