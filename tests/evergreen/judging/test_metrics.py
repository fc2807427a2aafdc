"""evergreen.judging.metrics against scikit-learn and SciPy."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, log_loss, top_k_accuracy_score

from evergreen.judging.metrics import (
    by_class,
    confusion_table,
    gap_interval,
    mean_interval,
    measure,
    normalized,
    wilson,
)
from evergreen.tables import from_csv, to_csv

CLASSES = ["a", "b", "c", "d", "e"]


@pytest.fixture(scope="module")
def answered() -> tuple[np.ndarray, np.ndarray]:
    """200 images of four of five classes, and probabilities that are right in about half the cases."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 200)
    scores = rng.dirichlet(np.ones(5), 200) + 0.4 * np.eye(5)[truth]
    return truth, (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)


def test_measures_agree_with_scikit_learn(answered: tuple[np.ndarray, np.ndarray]) -> None:
    truth, scores = answered
    found = measure(truth, scores, top_k=2)
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, scores.argmax(axis=1)))
    assert found["loss"] == pytest.approx(log_loss(truth, scores.astype(float), labels=range(5)), rel=1e-5)
    assert found["top_k_accuracy"] == pytest.approx(top_k_accuracy_score(truth, scores, k=2, labels=range(5)))
    assert found["count"] == 200
    assert (found["accuracy_low"], found["accuracy_high"]) == wilson(round(200 * found["accuracy"]), 200)
    assert 0 < found["loss_low"] < found["loss"] < found["loss_high"]


def test_a_loss_of_a_probability_of_zero_is_finite() -> None:
    found = measure(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]], np.float32), top_k=1)
    assert found["loss"] == pytest.approx(-np.log(1e-7) / 2)
    assert found["loss_low"] == 0  # a loss is never below


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 10**7).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
@example((0, 1))
@example((1, 1))
@example((0, 30))
@example((30, 30))
@example((269, 270))
def test_wilson_is_the_formula_of_his_article(counts: tuple[int, int]) -> None:
    right, count = counts
    share, z = right / count, 1.959963984540054
    middle = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    low, high = wilson(right, count)
    assert (low, high) == pytest.approx((middle - half, middle + half), abs=1e-12)
    assert 0 <= low <= share <= high <= 1


def test_the_interval_of_a_mean_holds_the_truth_in_95_of_100_cases() -> None:
    rng = np.random.default_rng(1)
    intervals = [mean_interval(rng.exponential(2, 400)) for _ in range(1000)]
    assert 0.93 <= np.mean([low <= 2 <= high for low, high in intervals]) <= 0.97
    assert mean_interval(np.array([3.0])) == (-np.inf, np.inf)


def test_the_gaps_interval_is_newcombes() -> None:
    # Newcombe (1998), table II, method 10: 56/70 less 48/80 is 0.0524 to 0.3339.
    one, other = (
        {"accuracy": right / count} | dict(zip(("accuracy_low", "accuracy_high"), wilson(right, count), strict=True))
        for right, count in ((56, 70), (48, 80))
    )
    assert gap_interval(one, other) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_the_classification_report_and_the_matrix_agree_with_scikit_learn(
    answered: tuple[np.ndarray, np.ndarray],
) -> None:
    truth, answers = answered[0], answered[1].argmax(axis=1)
    found = by_class(truth, answers, CLASSES)
    expected = classification_report(
        truth, answers, labels=range(5), target_names=CLASSES, output_dict=True, zero_division=0
    )
    for row in found.per_class.to_dict("records"):
        values = expected[row["label"]]
        assert row["precision"] == pytest.approx(values["precision"])
        assert row["recall"] == pytest.approx(values["recall"])
        assert row["f1"] == pytest.approx(values["f1-score"])
        assert row["count"] == values["support"]
    for kind in ("macro", "weighted"):
        values = expected[f"{kind} avg"]
        assert found.averages[kind] == pytest.approx(
            {"precision": values["precision"], "recall": values["recall"], "f1": values["f1-score"]}
        )
    assert found.confusion.tolist() == confusion_matrix(truth, answers, labels=range(5)).tolist()
    seen = normalized(found.confusion)[:4]
    assert seen == pytest.approx(confusion_matrix(truth, answers, labels=range(5), normalize="true")[:4])
    assert normalized(found.confusion)[4].tolist() == [0] * 5  # no image of the class: zeros, not NaN


@pytest.mark.parametrize("right", [True, False])
def test_the_counts_of_a_model_that_is_never_right_are_whole_numbers_too(right: bool) -> None:
    truth = np.array([0, 0, 1, 2, 2, 2])
    table = by_class(truth, truth if right else (truth + 1) % 3, CLASSES[:3]).per_class
    read = from_csv(to_csv(table))
    assert read["count"].tolist() == table["count"].tolist() == [2, 1, 3]
    assert read["recall"].tolist() == [f"{float(right)}"] * 3


def test_a_class_may_be_called_as_the_tables_own_columns() -> None:
    classes, counts = ["count", "label", "label.1"], np.array([[3, 0, 0], [1, 2, 0], [0, 0, 5]])
    read = from_csv(to_csv(confusion_table(counts, classes)))
    assert read["label"].tolist() == classes
    assert read.iloc[:, 1:].to_numpy().astype(int).tolist() == counts.tolist()
