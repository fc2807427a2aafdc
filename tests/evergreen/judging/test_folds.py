"""evergreen.judging.folds: images count alike, whichever fold they are of."""

import numpy as np
import pandas as pd
import pytest

from evergreen.judging.folds import pool
from evergreen.judging.metrics import wilson

CLASSES = ["a", "b"]
# Fold 1: one of two right; fold 2: three of three.
PREDICTIONS = pd.DataFrame({
    "path": ["1", "2", "3", "4", "5"], "label": ["a", "b", "a", "b", "b"], "fold": ["1", "1", "2", "2", "2"],
})  # fmt: skip
SCORES = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]], np.float32)


def test_accuracy_is_pooled_over_images_with_its_interval_beside_each_fold() -> None:
    found = pool(PREDICTIONS, SCORES, CLASSES, top_k=1)
    assert found.metrics["accuracy"] == 0.8  # not the mean of folds, 0.75
    assert (found.metrics["accuracy_low"], found.metrics["accuracy_high"]) == wilson(4, 5)
    assert found.metrics["macro_f1"] == pytest.approx((2 * 2 / 5 + 2 * 2 / 5) / 2)
    assert [(row["fold"], row["accuracy"], row["count"]) for row in found.by_fold] == [(1, 0.5, 2), (2, 1.0, 3)]
    assert found.by_class.confusion.tolist() == [[2, 0], [1, 2]]
    words = found.as_json()["words"]
    assert words.startswith("accuracy 80.00% (37.6% to 96.4%) over 5 images in 2 folds")
    assert words.endswith("single folds 50.0% to 100.0%")


def test_an_image_in_two_folds_is_refused() -> None:
    with pytest.raises(ValueError, match="found 1 in several, 1 first"):
        pool(PREDICTIONS.assign(path=["1", "2", "1", "4", "5"]), SCORES, CLASSES, top_k=1)
