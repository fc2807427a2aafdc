"""evergreen.diagnosing.probes: nobody is judged by whoever learned from it, and the best by cross-entropy counts."""

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from evergreen.diagnosing import probes
from evergreen.diagnosing.probes import FOLDS, compact, folds_of, probed, regression, scaled


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def test_a_unit_is_in_one_fold_and_classes_are_spread() -> None:
    labels, units = np.repeat([0, 1, 2], 40), np.arange(120) // 2
    fold = folds_of(labels, units)
    assert all(len(set(fold[units == unit])) == 1 for unit in range(60))
    counts = np.array([np.bincount(fold[labels == label], minlength=FOLDS) for label in range(3)])
    assert counts.min() == counts.max() == 8


def test_what_a_label_says_is_unknown_to_whoever_judges_it() -> None:
    rng = np.random.default_rng(1)
    features, labels, units = rng.normal(size=(60, 300)), np.arange(60) % 2, np.arange(60)
    plain = probed(features, labels, units, 2, {})
    other = labels.copy()
    other[7] = 1 - other[7]
    fold = folds_of(labels, units)
    everybody = np.ones(60, bool)
    before, after = (regression(compact(features), given, fold, 2, everybody) for given in (labels, other))
    same = fold == fold[7]
    assert (before[same] == after[same]).all()  # of its whole fold
    assert (before[~same] != after[~same]).any()
    assert plain.best.accuracy < 0.75  # noise: what it learned by heart would be 1


def test_equal_inputs_give_equal_bytes_whatever_the_processors() -> None:
    rng = np.random.default_rng(2)
    given = rng.normal(size=(80, 200)), np.arange(80) % 4, np.arange(80), 4, {}
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            found.append([probe.scores.tobytes() for probe in probed(*given).candidates])
    assert found[0] == found[1]


def test_the_least_cross_entropy_is_chosen_among_what_is_there_and_what_is_given() -> None:
    rng = np.random.default_rng(3)
    labels, units = np.arange(50) % 2, np.arange(50)
    good = np.where(np.eye(2)[labels] > 0, 0.9, 0.1)
    found = probed(rng.normal(size=(50, 4)), labels, units, 2, {"folds": good})
    assert found.best.name == "folds"
    assert [probe.loss for probe in found.candidates] == sorted(probe.loss for probe in found.candidates)
    assert {probe.name for probe in found.candidates} == {
        "folds", "nearest neighbours", "logistic regression", "the mean of both",
    }  # fmt: skip


def test_the_temperature_is_that_of_the_least_cross_entropy() -> None:
    labels = np.arange(100) % 2
    sure = np.where(np.eye(2)[np.where(np.arange(100) < 20, 1 - labels, labels)] > 0, 0.999, 0.001)
    found = scaled("too sure", sure, labels)
    assert found.temperature == 4
    assert found.accuracy == 0.8
    assert found.loss < -np.log(0.001) * 0.2


def test_a_class_that_a_fold_lacks_has_no_probability_there() -> None:
    labels = np.array([0] * 10 + [1] * 10 + [2])
    fold = np.array([0, 1] * 10 + [1])
    scores = regression(np.random.default_rng(4).normal(size=(21, 3)), labels, fold, 3, np.ones(21, bool))
    assert scores[fold == 1, 2].max() == 0  # the others do not know it
    assert scores.sum(axis=1) == pytest.approx(np.ones(21))
    one = regression(np.zeros((4, 1)), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), 2, np.ones(4, bool))
    assert one.tolist() == [[0, 1], [0, 1], [1, 0], [1, 0]]


def test_of_very_many_images_some_are_learned_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "MOST_LEARNED", 40)
    rng = np.random.default_rng(5)
    labels = np.repeat([0, 1], 60)
    found = probed(rng.normal(size=(120, 5)) + 3 * labels[:, None], labels, np.arange(120), 2, {})
    assert found.best.accuracy > 0.95
