"""The bars that an export must reach to be released, and what it showed against them."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Literal

import numpy as np

from evergreen.judging.metrics import wilson

if TYPE_CHECKING:
    from evergreen.sections.release import Verify

# Where Keras' own first and second choice are closer than this, another float32 order of sums may pick the other.
MARGIN = 2e-3
_EPSILON = 1e-9
# Images below which one other answer weighs so much that a format's bars allow none, or nearly none.
_FEW = 100

Verdict = Literal["passed", "failed", "not verified"]


@dataclass(frozen=True)
class Shown:
    """What scores showed against the Keras model's.

    Attributes:
        agreement: share of images whose top-1 answer equals Keras', 0-1.
        max_difference: largest difference of a probability to Keras'.
        accuracy: share of right answers, 0-1.
        accuracy_low: lower end of its 95 % interval (Wilson).
        accuracy_high: upper end.
        accuracy_lost: Keras' accuracy on the same images less this one, -1 to 1.
        passed: whether the format's bar is reached.
        reason: the bar, in words, and what fell short of it.
    """

    agreement: float
    max_difference: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    accuracy_lost: float
    passed: bool
    reason: str


def _floor(share: float) -> float:
    """Return a share in whole hundredths that is no higher."""
    return floor(100 * share + _EPSILON) / 100


def judge(name: str, scores: np.ndarray, reference: np.ndarray, truth: np.ndarray, bars: Verify) -> Shown:
    """Judge a format's scores by the bar of its precision.

    Args:
        name: the format.
        scores: (N, K) probabilities that it gave.
        reference: (N, K) probabilities of the Keras model.
        truth: (N,) class indices.
        bars: the recipe's.
    """
    same = scores.argmax(axis=1) == reference.argmax(axis=1)
    agreement = float(same.mean())
    difference = float(np.abs(scores - reference).max())
    right = int((scores.argmax(axis=1) == truth).sum())
    accuracy = right / len(truth)
    lost = float((reference.argmax(axis=1) == truth).mean()) - accuracy
    if name.endswith("float16"):
        least = bars.min_agreement_float16
        short = [f"agreement {agreement:.2%} is below {least:.1%}"] if agreement < least else []
        bar = f"agreement at least {least:.1%}"
        allowing = {"min_agreement_float16": _floor(agreement)} if agreement < least else {}
    elif name.endswith(("int8", "uint8", "dynamic")):
        least, most = bars.min_agreement_quantized, bars.max_accuracy_loss
        short = [f"agreement {agreement:.2%} is below {least:.1%}"] if agreement < least else []
        short += [f"accuracy fell by {lost:.2%}, more than {most:.1%}"] if lost > most + _EPSILON else []
        bar = f"agreement at least {least:.1%} and at most {most:.1%} of accuracy lost"
        allowing = {"min_agreement_quantized": _floor(agreement)} if agreement < least else {}
        allowing |= {"max_accuracy_loss": 1 - _floor(1 - lost)} if lost > most + _EPSILON else {}
    else:
        ordered = np.sort(reference, axis=1)
        unsure = ordered[:, -1] - ordered[:, -2] < MARGIN
        other = int((~same & ~unsure).sum())
        short = [f"{other} other answers where Keras is sure by {MARGIN:g} or more"] if other else []
        short += [f"a probability differs by {difference:.2g}"] if difference > bars.max_difference else []
        bar = f"Keras' answers, and probabilities within {bars.max_difference:g}"
        allowing = {}
    reason = f"{'; '.join(short)} (expected: {bar})" if short else bar
    if allowing and len(truth) < _FEW:
        lines = " and ".join(f"verify.{name}: {value:.2f}" for name, value in allowing.items())
        reason += (
            f"; of {len(truth)} images each is {1 / len(truth):.1%}: more images prove more, or allow it by {lines}"
        )
    return Shown(agreement, difference, accuracy, *wilson(right, len(truth)), lost, not short, reason)
