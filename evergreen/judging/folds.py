"""What the folds of a cross-validation say together: every image judged once, by a network that did not see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.judging.metrics import ByClass, by_class, measure

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Pooled:
    """The folds together.

    Attributes:
        metrics: over all images, as ``measure`` returns it, with ``macro_f1`` and ``folds`` (how many).
        by_fold: one entry a fold: ``fold``, and what ``measure`` returns for its images.
        by_class: over all images.
    """

    metrics: dict[str, float]
    by_fold: list[dict[str, float]]
    by_class: ByClass

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, with all of it in ``words``."""
        return {**self.metrics, "by_fold": self.by_fold, "words": _in_words(self.metrics, self.by_fold)}


def pool(predictions: pd.DataFrame, scores: np.ndarray, classes: list[str], top_k: int) -> Pooled:
    """Judge what was predicted out of fold as if one network had said it.

    The interval is that of so many images, judged apart (Wilson). It does not hold how much networks of the same recipe
    differ: for that the folds stand side by side.

    Args:
        predictions: path, label and ``fold``, of every image of every fold.
        scores: (N, K) probabilities, in the rows' order.
        classes: class names in order.
        top_k: how many of the likeliest classes count as right.

    Raises:
        ValueError: an image was judged twice.
    """
    if twice := sorted(predictions.loc[predictions["path"].duplicated(), "path"]):
        raise ValueError(f"expected every image in one fold, found {len(twice)} in several, {twice[0]} first")
    index = {name: position for position, name in enumerate(classes)}
    truth = predictions["label"].map(index).to_numpy(np.int64)
    folds = predictions["fold"].astype(int).to_numpy()
    numbers = sorted(set(folds.tolist()))
    found = by_class(truth, scores.argmax(axis=1), classes)
    metrics = measure(truth, scores, top_k) | {"macro_f1": found.averages["macro"]["f1"], "folds": len(numbers)}
    parts = [(number, folds == number) for number in numbers]
    return Pooled(metrics, [{"fold": number, **measure(truth[at], scores[at], top_k)} for number, at in parts], found)


def _in_words(pooled: dict[str, float], by_fold: list[dict[str, float]]) -> str:
    interval = f"{pooled['accuracy_low']:.1%} to {pooled['accuracy_high']:.1%}"
    each = [row["accuracy"] for row in by_fold]
    return (
        f"accuracy {pooled['accuracy']:.2%} ({interval}) over {pooled['count']:,} images in {pooled['folds']} folds, "
        f"each judged by a network that did not see it; macro F1 {pooled['macro_f1']:.4f}; single folds "
        f"{min(each):.1%} to {max(each):.1%}"
    )
