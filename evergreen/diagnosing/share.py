"""How many labels are wrong, and which classes run into each other: by the confident joint of given and true labels.

Northcutt, Jiang and Chuang 2021, "Confident learning" (arXiv:1911.00068), as cleanlab computes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_SAMPLES, _SEED, _INTERVAL = 1000, 20_252, (2.5, 97.5)
_MOST_PAIRS = 20
_DIGITS = 6


def expected_share(labels: np.ndarray, scores: np.ndarray, units: np.ndarray) -> dict[str, float]:
    """Return which share of the labels is wrong, 0-1, with its 95 % interval: a bootstrap that draws whole units.

    What is confident stays as it is over all images, so the interval is that of drawing so many images, and not of the
    probe, whose own confident errors count as wrong labels.

    Args:
        labels: (N,) int64, each of K classes at least once.
        scores: (N, K), out of fold.
        units: (N,) int64, what belongs together.

    Returns:
        ``expected_share``, ``expected_share_low``, ``expected_share_high``.
    """
    from cleanlab.count import estimate_joint

    share = 1 - float(np.trace(estimate_joint(labels, scores)))
    classes = scores.shape[1]
    counted = _confident(labels, scores)
    kinds = np.unique(units, return_inverse=True)[1]
    units_there = int(kinds.max()) + 1
    off = (counted >= 0) & (counted != labels)
    rng = np.random.default_rng(_SEED)
    found = np.empty(_SAMPLES)
    for sample in range(_SAMPLES):
        drawn = np.bincount(rng.integers(0, units_there, units_there), minlength=units_there)[kinds]
        images = np.bincount(labels, drawn, classes)
        sure = np.bincount(labels[counted >= 0], drawn[counted >= 0], classes)
        wrong = np.bincount(labels[off], drawn[off], classes)
        found[sample] = (images * wrong / np.maximum(sure, 1)).sum() / max(1, images.sum())
    low, high = np.percentile(found, _INTERVAL)
    return {
        "expected_share": round(share, _DIGITS),
        "expected_share_low": round(min(float(low), share), _DIGITS),
        "expected_share_high": round(max(float(high), share), _DIGITS),
    }


def _confident(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the class that each image is confidently counted into, (N,) int64; -1 for none.

    That is the likeliest of those whose probability is at least the mean one of the images that carry its label.
    """
    classes = scores.shape[1]
    own = np.bincount(labels, scores[np.arange(len(labels)), labels], classes)
    least = own / np.maximum(np.bincount(labels, minlength=classes), 1)
    over = np.where(scores >= least[None] - 1e-6, scores, -1.0)
    best: np.ndarray = np.where(over.max(axis=1) >= 0, over.argmax(axis=1), -1)
    return best


def overlapping(labels: np.ndarray, scores: np.ndarray, classes: list[str]) -> list[dict[str, Any]]:
    """Return pairs of classes whose labels seem to stand for each other: ``one``, ``other``, ``images``, ``share``.

    Args:
        labels: (N,) int64.
        scores: (N, K), out of fold.
        classes: K names.
    """
    from cleanlab.dataset import find_overlapping_classes

    table = find_overlapping_classes(labels, scores, class_names=classes)
    pairs = zip(
        *(table[name] for name in ("Class Name A", "Class Name B", "Num Overlapping Examples", "Joint Probability")),
        strict=True,
    )
    return [
        {"one": one, "other": other, "images": int(images), "share": round(float(share), _DIGITS)}
        for one, other, images, share in pairs
        if images >= 1
    ][:_MOST_PAIRS]
