"""Accuracy, top-k accuracy and loss of one split, with intervals, and how single classes do."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# The normal distribution's two-sided 95 % quantile.
_Z = 1.959963984540054
# A probability counts as at least this in a logarithm, as in Keras.
LEAST = 1e-7


@dataclass(frozen=True)
class ByClass:
    """How single classes do on one split.

    Attributes:
        per_class: one row a class, in order: label, precision, recall, f1, count.
        averages: ``macro`` (classes count alike) and ``weighted`` (images do) -> precision, recall, f1, all 0-1.
        confusion: (K, K) int64 counts; row: true class, column: predicted class.
    """

    per_class: pd.DataFrame
    averages: dict[str, dict[str, float]]
    confusion: np.ndarray


def measure(truth: np.ndarray, scores: np.ndarray, top_k: int) -> dict[str, float]:
    """Return how a model did on some images.

    Args:
        truth: (N,) class indices, N at least 1.
        scores: (N, K) probabilities.
        top_k: how many of the likeliest classes count as right.

    Returns:
        accuracy, top_k_accuracy and loss (mean cross-entropy, natural logarithm), the limits of their 95 % intervals
        ``accuracy_low``, ``accuracy_high`` (Wilson), ``loss_low``, ``loss_high`` (``mean_interval``), and count.
    """
    right = scores.argmax(axis=1) == truth
    own = scores[np.arange(len(truth)), truth]
    likelier = (scores > own[:, None]).sum(axis=1)
    each = losses(truth, scores)
    accuracy_low, accuracy_high = wilson(int(right.sum()), len(truth))
    loss_low, loss_high = mean_interval(each)
    return {
        "accuracy": float(right.mean()),
        "accuracy_low": accuracy_low,
        "accuracy_high": accuracy_high,
        "top_k_accuracy": float((likelier < top_k).mean()),
        "loss": float(each.mean()),
        "loss_low": max(0.0, loss_low),
        "loss_high": loss_high,
        "count": len(truth),
    }


def losses(truth: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the cross-entropy of every image, (N,) float64, natural logarithm; arguments as in ``measure``."""
    own = scores[np.arange(len(truth)), truth].astype(np.float64)
    loss: np.ndarray = -np.log(np.clip(own, LEAST, 1))
    return loss


def wilson(right: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share, 0-1, without continuity correction (Wilson 1927, JASA 22, 209-212).

    Args:
        right: 0 to ``count``.
        count: at least 1.
    """
    from scipy.stats import binomtest

    found = binomtest(right, count).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of a mean: 1.96 standard errors to either side (central limit theorem)."""
    mean = float(values.mean())
    half = _Z * float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return mean - half, mean + half


def gap_interval(one: dict[str, float], other: dict[str, float]) -> tuple[float, float]:
    """Return the 95 % interval of one accuracy less another, of different images (Newcombe 1998, method 10).

    Args:
        one: as ``measure`` returns it.
        other: likewise.
    """
    gap = one["accuracy"] - other["accuracy"]
    below = math.hypot(one["accuracy"] - one["accuracy_low"], other["accuracy_high"] - other["accuracy"])
    above = math.hypot(one["accuracy_high"] - one["accuracy"], other["accuracy"] - other["accuracy_low"])
    return gap - below, gap + above


def by_class(truth: np.ndarray, answers: np.ndarray, classes: list[str]) -> ByClass:
    """Return precision, recall and F1 of every class, their averages, and the confusion matrix.

    A class without images, or that is never the answer, has 0 where a share of nothing is asked for. The averages are
    over all classes of the contract.

    Args:
        truth: (N,) class indices.
        answers: (N,) class indices.
        classes: class names in order.
    """
    import pandas as pd
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    labels = np.arange(len(classes))
    columns = ("precision", "recall", "f1")
    *shares, count = precision_recall_fscore_support(truth, answers, labels=labels, zero_division=0)
    # Where no answer is right, scikit-learn counts in floats.
    counts = {"count": count.astype(np.int64)}
    table = pd.DataFrame({"label": classes, **dict(zip(columns, shares, strict=True)), **counts})
    averages = {}
    for kind in ("macro", "weighted"):
        found = precision_recall_fscore_support(truth, answers, labels=labels, average=kind, zero_division=0)
        averages[kind] = {name: float(value) for name, value in zip(columns, found[:3], strict=True)}
    return ByClass(table, averages, confusion_matrix(truth, answers, labels=labels))


def confusion_table(confusion: np.ndarray, classes: list[str]) -> pd.DataFrame:
    """Return a confusion matrix as a table: label, then one column of counts a class, which may be called label too."""
    import pandas as pd

    table = pd.DataFrame(confusion, columns=classes)
    table.insert(0, "label", classes, allow_duplicates=True)
    return table


def normalized(confusion: np.ndarray) -> np.ndarray:
    """Return each row of a confusion matrix as shares of its true class, 0-1; a class without images has zeros."""
    shares: np.ndarray = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    return shares
