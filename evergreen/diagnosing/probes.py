"""Out-of-fold probabilities: what is said of each image by a probe that learned from others.

Two probes are cheap on features that are there, and err in different places: nearest neighbours, and logistic
regression. Their mean is a third. Which one counts is what the given labels say: the least cross-entropy out of fold.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evergreen.diagnosing.neighbours import nearest, votes
from evergreen.judging import calibration
from evergreen.judging.metrics import losses
from evergreen.vectors import unit_length, with_fixed_signs

FOLDS = 5
MOST_LEARNED = 20_000  # images that a probe learns from, and among which neighbours are looked for
_DIMENSIONS = 128
_STRENGTH = 0.01
_MOST_STEPS = 300
_TOLERANCE = 1e-3
_TEMPERATURES = np.geomspace(0.25, 4, 33)
_DIGITS = 6  # of probabilities: the last ones would depend on the order of sums


@dataclass(frozen=True)
class Probe:
    """What one way to judge says of all images.

    Attributes:
        name: in words.
        scores: (N, K) float64, rounded, out of fold, after its temperature.
        temperature: probabilities were raised to the power of one over it.
        accuracy: share of given labels that it answers, 0-1.
        loss: mean cross-entropy of the given labels, natural logarithm.
    """

    name: str
    scores: np.ndarray = field(repr=False)
    temperature: float
    accuracy: float
    loss: float

    def as_json(self) -> dict[str, Any]:
        """Return what it reaches, without its probabilities."""
        return {name: getattr(self, name) for name in ("name", "temperature", "accuracy", "loss")}


@dataclass(frozen=True)
class Probed:
    """What all ways to judge say.

    Attributes:
        candidates: each of them, the best first.
        far: (N,) float64, mean cosine distance, 0-2, to an image's nearest neighbours outside its unit.
    """

    candidates: list[Probe]
    far: np.ndarray = field(repr=False)

    @property
    def best(self) -> Probe:
        """The one of the least cross-entropy."""
        return self.candidates[0]


def probed(
    features: np.ndarray, labels: np.ndarray, units: np.ndarray, classes: int, given: dict[str, np.ndarray]
) -> Probed:
    """Judge every image by others, on one processor: so no sum depends on how many there are.

    Args:
        features: (N, C).
        labels: (N,) int64, of 0 to ``classes`` - 1, each class in two units or more.
        units: (N,) int64, what belongs together, and so learns and is judged together.
        classes: how many, K of 2 or more.
        given: name -> (N, K) probabilities that are out of fold already.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        step = -(-len(labels) // MOST_LEARNED)
        learned = np.zeros(len(labels), bool)
        learned[::step] = True
        near = nearest(unit_length(features).astype(np.float32), units, np.flatnonzero(learned))
        voted = votes(near, labels, classes)
        fitted = regression(compact(features), labels, folds_of(labels, units), classes, learned)
        found = {"nearest neighbours": voted, "logistic regression": fitted}
        found |= {"the mean of both": (voted + fitted) / 2, **given}
        candidates = [scaled(name, scores, labels) for name, scores in found.items()]
    return Probed(sorted(candidates, key=lambda probe: probe.loss), near.distance)


def compact(features: np.ndarray) -> np.ndarray:
    """Return features in at most 128 dimensions, those of their largest variance, (N, D) float64.

    It sees no label, so nothing of one leaks from fold to fold. The signs of the axes are fixed.

    Args:
        features: (N, C), N of 1 or more.
    """
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    centred /= max(float(np.sqrt((centred**2).mean())), 1e-12)
    if centred.shape[1] <= _DIMENSIONS:
        return np.asarray(centred)
    _, axes = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ with_fixed_signs(axes[:, ::-1][:, :_DIMENSIONS]))


def folds_of(labels: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return each image's fold, (N,) int64 from 0: whole units, classes as even as those allow.

    Units are dealt in turn, class by class (that of a unit's first image), the largest first.
    """
    sizes = np.bincount(units)
    first = np.zeros(len(sizes), np.int64)
    first[units[::-1]] = labels[::-1]
    order = np.lexsort((np.arange(len(sizes)), -sizes, first))
    order = order[sizes[order] > 0]
    fold = np.zeros(len(sizes), np.int64)
    fold[order] = np.arange(len(order)) % FOLDS
    dealt: np.ndarray = fold[units]
    return dealt


def regression(
    features: np.ndarray, labels: np.ndarray, fold: np.ndarray, classes: int, learned: np.ndarray
) -> np.ndarray:
    """Return (N, K) probabilities of logistic regressions, each asked about the fold that it did not learn from.

    Args:
        features: (N, D) float64.
        labels: (N,) int64.
        fold: (N,) int64.
        classes: how many.
        learned: (N,) bool, which images any of them may learn from.
    """
    scores = np.zeros((len(labels), classes))
    for number in np.unique(fold):
        asked = fold == number
        learns = learned & ~asked
        if len(np.unique(labels[learns])) < 2:
            scores[asked] = np.bincount(labels[learns], minlength=classes) / max(1, int(learns.sum()))
            continue
        scores[asked] = logistic(features[learns], labels[learns], features[asked], classes, _STRENGTH)
    return scores


def logistic(features: np.ndarray, labels: np.ndarray, asked: np.ndarray, classes: int, strength: float) -> np.ndarray:
    """Return (M, K) probabilities of a logistic regression; 0 for a class that no label is of.

    Args:
        features: (N, D), of images with a label.
        labels: (N,) int64, of two classes or more.
        asked: (M, D), of those that are judged.
        classes: K.
        strength: C, the inverse of how strongly it is regularised.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, tol=_TOLERANCE, max_iter=_MOST_STEPS)
    with warnings.catch_warnings():
        # 300 steps are where it is stopped: what it says then is judged, out of fold, or is as good a guide.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features, labels)
    scores = np.zeros((len(asked), classes))
    scores[:, np.unique(labels)] = model.predict_proba(asked)
    return scores


def scaled(name: str, scores: np.ndarray, labels: np.ndarray) -> Probe:
    """Return a probe with the temperature of the least cross-entropy (Guo et al. 2017, arXiv:1706.04599)."""
    best: Probe | None = None
    for temperature in _TEMPERATURES:
        shares = np.round(calibration.scaled(scores, temperature), _DIGITS)
        loss = round(float(losses(labels, shares).mean()), _DIGITS)
        if best is None or loss < best.loss:
            right = round(float((shares.argmax(axis=1) == labels).mean()), _DIGITS)
            best = Probe(name, shares, round(float(temperature), 4), right, loss)
    assert best is not None  # noqa: S101 - there are temperatures
    return best
