"""evergreen.judging.calibration against arithmetic by hand, a grid search and SciPy."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from evergreen.judging.calibration import (
    calibrate,
    expected_calibration_error,
    fit_temperature,
    in_words,
    reliability,
    scaled,
    unsure_below,
)


def _drawn(temperature: float, count: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, and probabilities that are right at a temperature: their logits are so many times too large."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (count, 4))
    truth = np.array([rng.choice(4, p=row) for row in softmax(logits, axis=1)])
    return truth, softmax(logits * temperature, axis=1).astype(np.float32)


def test_the_ece_by_hand() -> None:
    # Two bins of 15: (0.6, 0.6667] holds 0.62 (right) and 0.66 (wrong); (0.9333, 1] holds 0.95, 0.97 and 1 (all right).
    top = np.array([0.62, 0.66, 0.95, 0.97, 1.0])
    truth = np.array([0, 1, 0, 0, 0])
    scores = np.stack([top, 1 - top], axis=1)
    expected = 2 / 5 * abs(0.64 - 0.5) + 3 / 5 * abs(0.97333333 - 1)
    assert expected_calibration_error(truth, scores) == pytest.approx(expected)
    bins = reliability(truth, scores)
    assert [one["count"] for one in bins] == [2, 3]
    assert bins[0] == pytest.approx({"low": 9 / 15, "high": 10 / 15, "confidence": 0.64, "accuracy": 0.5, "count": 2})


def test_a_probability_on_a_border_belongs_to_the_bin_below() -> None:
    (only,) = reliability(np.array([0]), np.array([[0.6, 0.4]]))
    assert (only["low"], only["high"]) == (pytest.approx(8 / 15), pytest.approx(9 / 15))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_agrees_with_a_grid_search_and_scipy(temperature: float) -> None:
    truth, scores = _drawn(temperature)
    found = fit_temperature(truth, scores)
    assert found == pytest.approx(temperature, rel=0.1)
    logits = np.log(np.clip(scores.astype(float), 1e-7, 1))

    def loss(hot: float) -> float:
        return -float(log_softmax(logits / hot, axis=1)[np.arange(len(truth)), truth].mean())

    assert loss(found) == pytest.approx(log_loss(truth, scaled(scores, found), labels=range(4)))
    grid = np.arange(0.2, 4, 0.02)
    assert found == pytest.approx(grid[np.argmin([loss(hot) for hot in grid])], abs=0.021)
    assert found == pytest.approx(minimize_scalar(loss, bounds=(0.1, 10), method="bounded").x, rel=1e-3)


def test_scaling_is_softmax_of_logits_over_temperature_and_keeps_the_answers() -> None:
    logits = np.random.default_rng(3).normal(0, 2, (50, 4))
    found = scaled(softmax(logits, axis=1), 3.0)
    assert found == pytest.approx(softmax(logits / 3, axis=1), abs=1e-9)
    assert (found.argmax(axis=1) == logits.argmax(axis=1)).all()


@pytest.mark.parametrize(("truth", "temperature"), [([0, 1], 0.01), ([1, 0], 100)])
def test_a_model_that_is_always_right_or_wrong_gets_the_temperature_at_an_end(
    truth: list[int], temperature: float
) -> None:
    scores = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert fit_temperature(np.array(truth), scores) == pytest.approx(temperature, rel=1e-12)


def test_calibration_is_fitted_on_validation_alone() -> None:
    validation, test = _drawn(2.5), _drawn(2.5, seed=1)
    found = calibrate(validation, test, 0.8)
    assert found.temperature == fit_temperature(*validation)
    assert found.unsure_below == unsure_below(*validation, 0.8)
    assert found.ece == expected_calibration_error(*test)
    assert found.ece_scaled < 0.03 < found.ece
    assert set(found.as_json()) == {
        "temperature", "unsure_below", "unsure_precision", "sure", "count", "ece", "ece_scaled",
    }  # fmt: skip
    assert found.unsure_below
    assert (found.sure, found.count) == (int((test[1].max(axis=1) >= found.unsure_below).sum()), len(test[0]))
    assert 0 < found.sure < found.count


FACTS = {
    "temperature": 1.5, "unsure_below": 0.75, "unsure_precision": 0.95, "ece": 0.08, "ece_scaled": 0.02,
    "sure": 60, "count": 80,
}  # fmt: skip


def test_the_words_say_how_many_answers_a_threshold_leaves_and_whether_scaling_helped() -> None:
    said = in_words(FACTS)
    assert (
        "8.0 points on average (ECE, 15 bins); at temperature 1.50, fitted on validation, by 2.0. On"
        in (said["calibration"])
    )
    assert said["calibration"].endswith("too sure of itself.")
    assert said["unsure"].endswith("in at least 95.0% of cases. That leaves 60 of 80 judged answers (75.0%).")
    worse = in_words(FACTS | {"ece_scaled": 0.09, "temperature": 0.9})["calibration"]
    assert "by 9.0; scaling by it makes that worse here" in worse
    assert worse.endswith("too modest.")
    assert "every answer is unsure" in in_words(FACTS | {"unsure_below": None})["unsure"]
    assert "no probability is called unsure" in in_words(FACTS | {"unsure_below": 0})["unsure"]
    earlier = {name: value for name, value in FACTS.items() if name not in ("sure", "count")}
    assert in_words(earlier)["unsure"].endswith("in at least 95.0% of cases.")


def test_the_threshold_is_the_least_that_reaches_the_precision() -> None:
    top = np.array([0.9, 0.8, 0.8, 0.7, 0.6], np.float32)
    scores = np.stack([top, 1 - top], axis=1)
    truth = np.array(
        [0, 0, 1, 0, 1]
    )  # right, right, wrong, right, wrong: 1/1, 2/3 at 0.8 (they fall together), 3/4, 3/5
    assert unsure_below(truth, scores, 0.95) == pytest.approx(0.9)
    assert unsure_below(truth, scores, 0.75) == pytest.approx(0.7)
    assert unsure_below(truth, scores, 0.6) == 0
    assert unsure_below(np.array([1, 1, 1, 1, 1]), scores, 0.5) is None
    threshold = unsure_below(truth, scores, 0.75)
    assert threshold is not None
    assert (scores.max(axis=1) >= threshold).sum() == 4  # exact, no rounding between float32 and float


def test_the_threshold_agrees_with_a_search_over_all() -> None:
    truth, scores = _drawn(1.5, 500)
    top, right = scores.max(axis=1), scores.argmax(axis=1) == truth
    reaching = [float(value) for value in np.unique(top) if right[top >= value].mean() >= 0.9]
    assert unsure_below(truth, scores, 0.9) == min(reaching)
