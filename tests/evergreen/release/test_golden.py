"""evergreen.release.golden: other answers are told apart from the rounding of another processor."""

from typing import Any

import pytest

from evergreen.errors import BadInput
from evergreen.release.golden import Golden

CLASSES = ("a", "b", "c")
KEPT = [[0.9, 0.06, 0.04], [0.1, 0.8, 0.1], [0.36, 0.34, 0.3]]


def golden(name: str = "tflite-float32") -> Golden:
    return Golden(CLASSES, ("1" * 64, "2" * 64, "3" * 64), ("a", "c", "b"), {name: KEPT})


def moved(at: int, *scores: float) -> list[list[float]]:
    return [list(scores) if index == at else kept for index, kept in enumerate(KEPT)]


def test_what_is_written_is_read() -> None:
    assert Golden.from_json(golden().as_json()) == golden()


def test_some_of_the_images_keep_their_own_answers() -> None:
    some = golden().only({"3" * 64, "1" * 64})
    assert (some.names, some.labels) == (("1" * 64, "3" * 64), ("a", "b"))
    assert some.answers == {"tflite-float32": [KEPT[0], KEPT[2]]}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"images": None}, "TypeError"),
        ({"images": [{}]}, "KeyError"),
        ({"answers": {"tflite-int8": KEPT[:2]}}, "expected 3 probabilities for each of 3 images"),
        ({"answers": {"tflite-int8": [*KEPT[:2], [0.5, 0.5]]}}, "expected 3 probabilities for each of 3 images"),
        ({"answers": []}, "AttributeError|expected images and answers"),
    ],
)
def test_what_is_something_else_is_refused(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Golden.from_json(golden().as_json() | changed)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("tflite-float32", KEPT),
        ("tflite-float32", moved(0, 0.905, 0.055, 0.04)),
        ("tflite-int8", moved(1, 0.15, 0.74, 0.11)),
        ("tflite-int8", moved(2, 0.33, 0.37, 0.3)),  # another answer, where the first led by less than processors do
    ],
)
def test_the_rounding_of_another_processor_is_no_mismatch(name: str, answers: list[list[float]]) -> None:
    assert golden(name).mismatch(name, CLASSES, answers) == ""


@pytest.mark.parametrize(
    ("name", "classes", "answers", "words"),
    [
        ("tflite-float32", ("a", "c", "b"), KEPT, "class 1 is c, not b, of 3"),
        ("tflite-float32", ("a", "b"), KEPT, "2 classes, of 3"),
        ("tflite-float32", ("a", "b", "c", "d"), KEPT, "4 classes, of 3"),
        (
            "tflite-float32",
            CLASSES,
            moved(0, 0.06, 0.9, 0.04),
            "(a): expected a (0.900), received b (0.900)",
        ),
        ("tflite-int8", CLASSES, moved(1, 0.8, 0.1, 0.1), "222222222222 (c): expected b (0.800), received a (0.800)"),
        (
            "tflite-float32",
            CLASSES,
            moved(0, 0.89, 0.08, 0.03),
            "expected b with 0.060, received 0.080; 0.01 is the most",
        ),
        ("tflite-float32", CLASSES, moved(0, 0.9, 0.1), "expected 3 probabilities, received 2"),
        ("tflite-float32", CLASSES, moved(0), "expected 3 probabilities, received 0"),
        ("tflite-float32", CLASSES, moved(0, 0.9, float("nan"), 0.04), "the answer is no number"),
    ],
)
def test_another_model_is_told_in_words(
    name: str, classes: tuple[str, ...], answers: list[list[float]], words: str
) -> None:
    assert words in golden(name).mismatch(name, classes, answers)
