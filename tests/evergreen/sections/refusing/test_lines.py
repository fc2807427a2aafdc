"""evergreen.sections.refusing.lines: only what was tried and works is a line; the likeliest comes first."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from evergreen.recipe import Recipe
from evergreen.sections.refusing.expected import place_of
from evergreen.sections.refusing.lines import Location, Tried, nearest_word, source_line
from evergreen.sections.refusing.synonyms import Meant, location_of


def _tried(works: Any, wrong: Sequence[Location] = (("seed",),)) -> Tried:
    def attempt(without: Location | None, overrides: Sequence[str]) -> set[Location] | None:
        return works(list(overrides))  # type: ignore[no-any-return]

    return Tried(Recipe, attempt, frozenset(wrong))


def test_only_what_mends_the_place_and_breaks_no_other_is_a_line() -> None:
    candidates: list[list[tuple[str, Any]]] = [
        [("seed", 1)],
        [("seed", 2)],
        [("seed", 3)],
        [("title", "a b"), ("seed", 4)],
    ]
    answers = {"seed=1": None, "seed=2": {("seed",)}, "seed=3": {("split",)}}
    tried = _tried(lambda overrides: answers.get(overrides[0], set()))
    assert tried.line(("seed",), candidates) == "--set 'title=a b' --set seed=4"
    assert tried.line(("seed",), candidates[:3]) == ""


def test_a_secret_is_in_no_line() -> None:
    assert _tried(lambda _: set()).line(("seed",), [[("title", "https://me:pw@example.org")]]) == ""


@pytest.mark.parametrize(
    ("path", "value", "first"),
    [
        ("train.phases.0.optimizer", "Adam", "adam"),
        ("train.backbone", "efficientnet-lite1", "EfficientNetLite1"),
        ("export.formats", "tflite", "[tflite]"),
        ("train.phases.0.epochs", 2.6, "3"),
        ("train.phases.0.epochs", "20", "20"),
        ("split.test", 20, "0.2"),
        ("split.test", "20%", "0.2"),
        ("augment.vertical_flip", "on", "true"),
        ("title", 3, '"3"'),
        ("image", "64x32", "{height: 64, width: 32}"),
        ("train.head", "max", "{pooling: max}"),
        ("augment.brightness", 0.3, "[0.7, 1.3]"),
        ("repair.classes", [True, 1], '["yes", "1"]'),
        ("seed", None, "42"),
    ],
)
def test_what_was_meant_is_tried_first(path: str, value: Any, first: str) -> None:
    place = place_of(Recipe, location_of(path))
    line = _tried(lambda overrides: set() if overrides else None).in_place_of_a_value(place, place.path, value)
    assert line.removeprefix("--set ").strip("'") == f"{path}={first}"


def test_a_key_in_an_item_of_a_list_stays_in_that_item() -> None:
    tried = _tried(lambda _: set())
    key: Location = ("train", "phases", 1, "lr")
    meant = Meant(("train.phases.0.learning_rate",))
    assert tried.in_place_of_a_key(key, meant, 0.1) == "--set train.phases.1.learning_rate=0.1"
    assert tried.in_place_of_a_key(("lr",), meant, 0.1) == "--set train.phases.0.learning_rate=0.1"


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("tflite", "tflite-float32"),
        ("v2b0", "EfficientNetV2B0"),
        ("resnet101", "ResNet152V2"),
        ("onnx", None),
        ("", None),
    ],
)
def test_the_nearest_word_begins_alike_or_is_alike(word: str, known: str | None) -> None:
    assert (
        nearest_word(word, ["savedmodel", "tflite-float32", "tflite-int8", "EfficientNetV2B0", "ResNet152V2"]) == known
    )


def test_a_source_is_named_if_there_is_something(tmp_path: Path) -> None:
    (tmp_path / "my photos").mkdir()
    assert source_line(str(tmp_path / "my photos")) == f"--source '{tmp_path}/my photos'"
    assert source_line("kaggle:a/b") == "--source kaggle:a/b"
    for value in (str(tmp_path / "nothing"), "https://example.org/a.zip?sig=1", "https://me:pw@example.org/a", 3, None):
        assert source_line(value) == ""
