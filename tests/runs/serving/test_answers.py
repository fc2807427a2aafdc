"""runs.serving.answers: the likeliest classes and what is unsure, as evergreen predict tells them."""

import math

import numpy as np
import pytest

from evergreen.sections.data import Image, Screen
from runs.serving.answers import Answered, Answers, Busy, NotAnswered, Release, WorkerLost

CLASSES = ("a", "b", "c", "d")


def answers(threshold: float | None, *scores: float) -> Answers:
    image = Image(height=8, width=8)
    release = Release("r", "0" * 64, "1" * 64, "tflite-int8", CLASSES, image, Screen(), threshold)
    return Answers(release, (Answered("2" * 64, scores),), 0.1)


def test_equal_scores_are_ordered_as_predict_orders_them() -> None:
    scores = np.array([0.25, 0.3, 0.25, 0.2], np.float32)
    found = answers(None, *scores.tolist())
    labels = [entry["label"] for entry in found.top(found.images[0], 4)]
    assert labels == [CLASSES[at] for at in scores.argsort(kind="stable")[::-1]] == ["b", "c", "a", "d"]
    assert found.top(found.images[0], 1) == [{"label": "b", "probability": 0.3}]


@pytest.mark.parametrize(
    ("threshold", "unsure"), [(None, None), (0.5, False), (0.7, True), (math.inf, True), (0, False)]
)
def test_what_is_below_the_threshold_is_unsure(threshold: float | None, unsure: bool | None) -> None:
    found = answers(threshold, 0.1, 0.6, 0.2, 0.1)
    assert found.unsure(found.images[0]) is unsure


def test_the_threshold_is_compared_as_predict_does() -> None:
    """NumPy compares a float32 with a Python float as float32s."""
    score = np.float32(0.6)
    for threshold in (0.6, 0.6000000238418579, 0.60000003, 0.6000001):
        found = answers(threshold, 0.1, float(score), 0.2, 0.1)
        assert found.unsure(found.images[0]) is bool(score < threshold)


def test_each_refusal_has_its_status_and_when_to_ask_again() -> None:
    assert [
        (error.status, error.retry_after) for error in (NotAnswered("x"), Busy("x"), Busy("x", 7), WorkerLost("x"))
    ] == [
        (503, None),
        (429, 1),
        (429, 7),
        (503, 1),
    ]
