"""Whether a model's probabilities can be believed, and below which one its answer is called unsure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evergreen.judging.metrics import LEAST

_BINS = 15
_ABOUT_ONE = 0.05  # of a temperature: so near it the model is neither too sure nor too modest
_HOTTEST = 100.0


@dataclass(frozen=True)
class Calibration:
    """What validation teaches about the probabilities, and how well that holds on the judged split.

    Attributes:
        temperature: T in p^(1/T), normalised; fitted on validation. Above 1 the model is too sure of itself.
        unsure_below: least top-1 probability, as the model gives it, at and above which precision on validation is at
            least ``unsure_precision``; 0 if that of all answers is, None if no threshold reaches it.
        unsure_precision: the recipe's ``evaluate.unsure_precision``.
        sure: how many judged answers are at or above that: all of them at 0, and none at None.
        count: judged answers.
        ece: expected calibration error of the judged split, 0-1.
        ece_scaled: the same with the temperature applied.
    """

    temperature: float
    unsure_below: float | None
    unsure_precision: float
    sure: int
    count: int
    ece: float
    ece_scaled: float

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def calibrate(
    validation: tuple[np.ndarray, np.ndarray], judged: tuple[np.ndarray, np.ndarray], unsure_precision: float
) -> Calibration:
    """Fit temperature and threshold on validation, and only there; measure on the judged split.

    Args:
        validation: (N,) class indices and (N, K) probabilities.
        judged: likewise.
        unsure_precision: least share of right answers among those that are called sure.
    """
    temperature = fit_temperature(*validation)
    truth, scores = judged
    threshold = unsure_below(*validation, unsure_precision)
    return Calibration(
        temperature=temperature,
        unsure_below=threshold,
        unsure_precision=unsure_precision,
        sure=0 if threshold is None else int((scores.max(axis=1) >= threshold).sum()),
        count=len(truth),
        ece=expected_calibration_error(truth, scores),
        ece_scaled=expected_calibration_error(truth, scaled(scores, temperature)),
    )


def in_words(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what ``Calibration.as_json`` returned as sentences: ``calibration`` and ``unsure``.

    Args:
        facts: as they are stored; how many answers a threshold leaves is not in those of earlier versions.
    """
    before, after, temperature = facts["ece"], facts["ece_scaled"], facts["temperature"]
    sure_of_itself = (
        "too sure of itself"
        if temperature > 1 + _ABOUT_ONE
        else "too modest"
        if temperature < 1 - _ABOUT_ONE
        else "about as sure as it is right"
    )
    worse = (
        "; scaling by it makes that worse here, and so says little: validation is too small, or unlike these"
        if after > before
        else ""
    )
    return {
        "calibration": (
            f"Top-1 probability and accuracy differ by {100 * before:.1f} points on average (ECE, {_BINS} bins); at "
            f"temperature {temperature:.2f}, fitted on validation, by {100 * after:.1f}{worse}. On validation the "
            f"model is {sure_of_itself}."
        ),
        "unsure": _unsure_in_words(facts),
    }


def _unsure_in_words(facts: Mapping[str, Any]) -> str:
    threshold, precision = facts["unsure_below"], f"{facts['unsure_precision']:.1%}"
    if threshold is None:
        return f"No threshold reaches {precision} precision on validation: every answer is unsure."
    if threshold == 0:
        return f"On validation, all answers together reach {precision} precision: no probability is called unsure."
    left = ""
    if "sure" in facts:
        share = facts["sure"] / facts["count"] if facts["count"] else 0.0
        left = f" That leaves {facts['sure']:,} of {facts['count']:,} judged answers ({share:.1%})."
    return (
        f"Answers with a probability below {threshold:.4f} are called unsure: on validation, those at or above it are "
        f"right in at least {precision} of cases.{left}"
    )


def scaled(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Return probabilities at a temperature, (N, K) float64: softmax(logits / T) (Guo et al. 2017, section 4.2).

    Logarithms of probabilities are logits up to a constant in each row, which the normalisation removes.

    Args:
        scores: (N, K) probabilities; one below 1e-7 counts as 1e-7.
        temperature: over 0.
    """
    logits = np.log(np.clip(scores.astype(np.float64), LEAST, 1)) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    normal: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return normal


def fit_temperature(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the temperature of the least mean cross-entropy, 0.01 to 100.

    The loss is convex in b = 1/T with derivative mean(E[logit - logit of the truth]): Brent's method finds its one zero
    on the axis of log b. Where it has none, the loss is least at an end: at 0.01 if every answer is right.

    Args:
        truth: (N,) class indices.
        scores: (N, K) probabilities.
    """
    from scipy.optimize import brentq

    logits = np.log(np.clip(scores.astype(np.float64), LEAST, 1))
    ahead = logits - logits[np.arange(len(truth)), truth, None]

    def slope(log_b: float) -> float:
        return float((scaled(scores, np.exp(-log_b)) * ahead).sum(axis=1).mean())

    end = float(np.log(_HOTTEST))
    if slope(-end) >= 0:
        return _HOTTEST
    if slope(end) <= 0:
        return 1 / _HOTTEST
    return float(np.exp(-brentq(slope, -end, end, xtol=1e-13)))


def expected_calibration_error(truth: np.ndarray, scores: np.ndarray) -> float:
    """Return the mean distance, 0-1, of top-1 probability and accuracy over 15 equal bins, each by its images.

    Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3. Arguments as in ``fit_temperature``.
    """
    bins = reliability(truth, scores)
    return sum(one["count"] * abs(one["confidence"] - one["accuracy"]) for one in bins) / len(truth)


def reliability(truth: np.ndarray, scores: np.ndarray) -> list[dict[str, float]]:
    """Return the reliability curve: one entry for each of 15 bins of the top-1 probability that holds an image.

    Args:
        truth: (N,) class indices.
        scores: (N, K) probabilities.

    Returns:
        low (not in the bin, but for 0), high (in it), confidence (mean top-1 probability), accuracy, count.
    """
    confidence = scores.max(axis=1).astype(np.float64)
    right = scores.argmax(axis=1) == truth
    which = np.clip(np.ceil(confidence * _BINS).astype(int) - 1, 0, _BINS - 1)
    return [
        {
            "low": number / _BINS,
            "high": (number + 1) / _BINS,
            "confidence": float(confidence[here].mean()),
            "accuracy": float(right[here].mean()),
            "count": int(here.sum()),
        }
        for number in range(_BINS)
        if (here := which == number).any()
    ]


def unsure_below(truth: np.ndarray, scores: np.ndarray, precision: float) -> float | None:
    """Return ``Calibration.unsure_below``; arguments as in ``calibrate``."""
    confidence = scores.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (scores.argmax(axis=1) == truth)[order]
    reached = np.cumsum(right) / np.arange(1, len(right) + 1) >= precision
    # Equal probabilities fall together: only the last of them may be a threshold.
    values = confidence[order]
    last = np.append(values[1:] < values[:-1], True)
    found = np.flatnonzero(reached & last)
    if not len(found):
        return None
    return 0.0 if found[-1] == len(right) - 1 else float(values[found[-1]])
