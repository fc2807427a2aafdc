"""evergreen.diagnosing.share: about as many labels are wrong as were changed, with an interval that holds it."""

import numpy as np
import pytest

from evergreen.diagnosing.share import expected_share, overlapping

CLASSES = ["cat", "dog", "owl"]


def _made(count: int, wrong: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of which some are wrong, and the probabilities of who knows the truth."""
    rng = np.random.default_rng(seed)
    truth = np.arange(count) % 3
    scores = np.where(np.eye(3)[truth] > 0, 0.8, 0.1) + rng.uniform(0, 0.05, (count, 3))
    labels = truth.copy()
    labels[:wrong] = (labels[:wrong] + 1) % 3
    return labels, scores / scores.sum(axis=1, keepdims=True)


def test_the_share_and_an_interval_that_holds_it() -> None:
    labels, scores = _made(600, 60)
    found = expected_share(labels, scores, np.arange(600))
    assert found["expected_share"] == pytest.approx(0.1, abs=0.01)
    assert found["expected_share_low"] < 0.1 < found["expected_share_high"]
    assert found["expected_share_high"] - found["expected_share_low"] == pytest.approx(0.048, abs=0.01)  # binomial
    assert found == expected_share(labels, scores, np.arange(600))


def test_images_that_belong_together_make_the_interval_wider() -> None:
    labels, scores = _made(600, 60)
    apart, together = (expected_share(labels, scores, units) for units in (np.arange(600), np.arange(600) // 20))
    width = [found["expected_share_high"] - found["expected_share_low"] for found in (apart, together)]
    assert width[1] > 2 * width[0]


def test_where_no_label_is_wrong_none_is_expected() -> None:
    labels, scores = _made(90, 0)
    assert expected_share(labels, scores, np.arange(90)) == {
        "expected_share": 0.0, "expected_share_low": 0.0, "expected_share_high": 0.0,
    }  # fmt: skip
    assert overlapping(labels, scores, CLASSES) == []


def test_classes_whose_labels_stand_for_each_other_are_named() -> None:
    labels, scores = _made(300, 0)
    swapped = np.flatnonzero(labels == 0)[:20]
    labels[swapped] = 2
    (first, *rest) = overlapping(labels, scores, CLASSES)
    assert (first["one"], first["other"], rest) == ("cat", "owl", [])
    assert 10 <= first["images"] <= 20  # those that are sure enough to count
