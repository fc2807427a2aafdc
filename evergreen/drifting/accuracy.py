"""How accurate a model is on images without labels, by its own probabilities.

ATC (Garg et al. 2022, "Leveraging Unlabeled Data to Predict Out-of-Distribution Performance", arXiv:2201.04234): on
images with labels that no training saw, the threshold is found above which as many top-1 probabilities lie as answers
are right; the share of new images above it is their accuracy. Probabilities are at the temperature that validation
chose (Guo et al. 2017). Of a shift that leaves a model sure and wrong it knows nothing: so it is withdrawn there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evergreen.drifting.reference import Known, Reference
from evergreen.judging.calibration import scaled

_DRAWS = 500
_TITLES = {"features": "what the network sees", "unlike": "images unlike anything that it was judged by"}


@dataclass(frozen=True)
class Estimate:
    """The accuracy that a model's own probabilities foretell.

    Attributes:
        accuracy: 0-1; None where the estimate is withdrawn.
        low, high: of its 95 % interval; None likewise.
        judged: the accuracy on the images that the model was judged by, 0-1; None likewise.
        words: all of it in a sentence.
    """

    accuracy: float | None
    low: float | None
    high: float | None
    judged: float | None
    words: str

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def withdrawn(sources: Sequence[str]) -> Estimate:
    """Return that no accuracy is estimated, since images differ in a way about which a model's probabilities are mute.

    Args:
        sources: tests that found drift, of features or unlike.
    """
    where = " and ".join(_TITLES[name] for name in sources)
    words = (
        f"The accuracy is not estimated: there is drift in {where}, and of a class or a place that it never saw a "
        "model does not know that it is wrong. Label some of them."
    )
    return Estimate(None, None, None, None, words)


def estimate(reference: Reference, new: Known, seed: int = 0) -> Estimate:
    """Return the accuracy of a model on new images, if they differ from the earlier ones in no way that matters.

    The interval is a percentile bootstrap of units, of both sides, with the binomial spread of so many answers: of the
    estimate under no shift. A shift adds an error of its own, which no interval knows; docs/drift.md has measured it.

    Args:
        reference: of the model.
        new: what it makes of new images.
        seed: of the bootstrap.
    """
    sure, right = confidence(reference.known.scores, reference.temperature), reference.right
    unsure = confidence(new.scores, reference.temperature)
    found = foretold(sure, right, unsure)
    random = np.random.default_rng(seed)
    held, came = _often(reference.known.units, random), _often(new.units, random)
    order = np.argsort(-sure, kind="stable")
    # Going down from the surest, the threshold is where as many were met as are right.
    met = np.cumsum(held[:, order], axis=1)
    at = (met < (held @ right)[:, None]).sum(axis=1)
    thresholds = sure[order][np.minimum(at, len(sure) - 1)]
    shares = (came * (unsure >= thresholds[:, None])).sum(axis=1) / came.sum(axis=1)
    draws = random.binomial(len(unsure), shares) / len(unsure)
    low, high = (float(limit) for limit in np.quantile(draws, (0.025, 0.975)))
    judged = float(right.mean())
    words = (
        f"The accuracy is estimated at {found:.0%} (95 % interval {low:.0%} to {high:.0%}), by the model's own "
        f"probabilities; on the images that it was judged by it was {judged:.0%}. The interval is of chance: it does "
        "not know of a shift that leaves the model sure and wrong."
    )
    return Estimate(found, min(low, found), max(high, found), judged, words)


def confidence(scores: np.ndarray, temperature: float) -> np.ndarray:
    """Return top-1 probabilities at a temperature, (N,) float64, of (N, K)."""
    return np.asarray(scaled(scores, temperature).max(axis=1))


def foretold(sure: np.ndarray, right: np.ndarray, new: np.ndarray) -> float:
    """Return the share of new confidences at or above the threshold at or above which as many are as answers are right.

    Args:
        sure: (N,) confidences of images with labels.
        right: (N,) bool, whether these were answered right.
        new: (M,) confidences.
    """
    if not right.any():
        return 0.0
    return float((new >= np.sort(sure)[-int(right.sum())]).mean())


def _often(units: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return how often each image is in draws of as many units as there are, with replacement, (B, N)."""
    _, at = np.unique(units, return_inverse=True)
    count = int(at.max()) + 1
    return random.multinomial(count, np.full(count, 1 / count), _DRAWS)[:, at]
