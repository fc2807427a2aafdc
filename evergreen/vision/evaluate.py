"""Evaluation: what a model gets right, on which images of which split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.vision import pixels, runtime, saving
from evergreen.vision.pixels import Images

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe


@dataclass(frozen=True)
class Evaluation:
    """How a model did.

    Attributes:
        metrics: per split: accuracy, top_k_accuracy, loss (cross-entropy, natural logarithm), count.
        per_class: one row a class of the test split: label, precision, recall, f1, count.
        confusion: (K, K) counts on the test split; row: true class, column: predicted class.
        predictions: one row an image: path, label, split, predicted, probability.
    """

    metrics: dict[str, dict[str, float]]
    per_class: pd.DataFrame
    confusion: np.ndarray
    predictions: pd.DataFrame


def evaluate(dataset: pd.DataFrame, images: Images, classes: list[str], recipe: Recipe, model_file: Path) -> Evaluation:
    """Run a model over every split.

    Args:
        dataset: path, label, sha256, split.
        images: where they are read, and where their pixels are kept.
        classes: class names in order.
        recipe: its ``image`` and ``evaluate`` are read.
        model_file: a ``.keras`` file.
    """
    import pandas as pd

    runtime.start()
    model = saving.load(model_file, classes)
    scored = []
    metrics = {}
    for name, rows in dataset.groupby("split", sort=True):
        truth = pixels.targets(rows["label"], classes)
        scores = pixels.scores(model, images.rows(rows, recipe.image))
        metrics[str(name)] = measure(truth, scores, recipe.evaluate.top_k)
        answers = scores.argmax(axis=1)
        guess = rows[["path", "label", "split"]].assign(
            predicted=[classes[index] for index in answers], probability=scores.max(axis=1).round(6)
        )
        scored.append(guess)
    predictions = pd.concat(scored).sort_values("path", ignore_index=True)
    judged = predictions[predictions["split"] == ("test" if "test" in metrics else "validation")]
    return Evaluation(metrics, *_by_class(judged, classes), predictions)


def measure(truth: np.ndarray, scores: np.ndarray, top_k: int) -> dict[str, float]:
    """Return accuracy, top-k accuracy, loss and count.

    Args:
        truth: (N,) class indices.
        scores: (N, K) probabilities.
        top_k: how many of the likeliest classes count as right.
    """
    right = scores[np.arange(len(truth)), truth].astype(np.float64)
    likelier = (scores > right[:, None].astype(scores.dtype)).sum(axis=1)
    return {
        "accuracy": float((scores.argmax(axis=1) == truth).mean()),
        "top_k_accuracy": float((likelier < top_k).mean()),
        "loss": float(-np.log(np.clip(right, 1e-7, 1)).mean()),
        "count": len(truth),
    }


def _by_class(judged: pd.DataFrame, classes: list[str]) -> tuple[pd.DataFrame, Any]:
    import pandas as pd
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    truth, answers = judged["label"], judged["predicted"]
    precision, recall, f1, count = precision_recall_fscore_support(truth, answers, labels=classes, zero_division=0)
    table = pd.DataFrame({"label": classes, "precision": precision, "recall": recall, "f1": f1, "count": count})
    return table, confusion_matrix(truth, answers, labels=classes)
