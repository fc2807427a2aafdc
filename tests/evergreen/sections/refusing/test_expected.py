"""evergreen.sections.refusing.expected: what is expected at a place, in words and as an example that may be there."""

from typing import Any

import pytest
import yaml

from evergreen.recipe import Recipe
from evergreen.sections.refusing.expected import example, expected, flow, place_of, received
from evergreen.sections.refusing.synonyms import location_of


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("train.phases.0.epochs", "a whole number from 1 to 10,000"),
        ("train.phases.0.learning_rate", "a number above 0 and at most 10"),
        ("train.phases.0.weight_decay", "a number from 0 to 10 or null"),
        ("train.phases.0.unfreeze", "all, none or a whole number"),
        ("train.label_smoothing", "a number of 0 or more and below 1"),
        ("repair.level", "first, leaf, a whole number from 1 to 20 or null"),
        ("augment.horizontal_flip", "true, false or alternate"),
        ("augment.brightness", "a list of two numbers, [low, high] or null"),
        ("train.phases", "a list of 1 or more such as [{epochs: 10}]"),
        ("train.teacher.recipe", "a list of at most 16 such as [chessman]"),
        ("balance.explicit", "a mapping such as {cat: 1, dog: 2}"),
        (
            "source",
            "a mapping such as {local: {path: photos}} or a list of 1 or more such as {local: {path: photos}}",
        ),
        ("title", "text of at most 120 characters"),
        ("split.group.0", "folder or near-duplicates"),
    ],
)
def test_what_is_expected_is_said_in_words(path: str, words: str) -> None:
    assert expected(place_of(Recipe, location_of(path))) == words


def test_a_member_of_a_union_is_no_part_of_a_place() -> None:
    assert place_of(Recipe, ("train", "threads", "constrained-int")).path == ("train", "threads")
    assert place_of(Recipe, ("train", "phases", 3, "epochs")).dotted == "train.phases.3.epochs"
    assert place_of(Recipe, ("nobody",)).path == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *((None, "nothing (null)"), (True, "true"), (3.5, "3.5"), ("a", "'a'"), ([], "an empty list"), ([1], "a list")),
        *(({"secret": 1}, "a mapping"), (b"x", "bytes"), (yaml.safe_load("2024-01-01"), "a date")),
        ("https://me:secret@example.org", "'https://…@example.org'"),
        ("x" * 100, f"'{'x' * 79}..."),
    ],
)
def test_what_was_received_is_said_without_secrets(value: Any, words: str) -> None:
    assert received(value) == words


@pytest.mark.parametrize(
    "value",
    [3, 0.0005, True, None, "a", "no", "1", "a: b", "[", "a, b", ["no", "a, b"], {"a": ["1"], "on": 1e-7}, [], {}, ""],
)
def test_a_value_in_one_line_is_read_back(value: Any) -> None:
    assert "\n" not in flow(value)
    assert yaml.safe_load(flow(value)) == value


def test_an_example_is_the_default_where_it_says_something() -> None:
    assert example(place_of(Recipe, ("image", "height"))) == 160
    assert example(place_of(Recipe, ("train", "phases", 0, "epochs"))) == 10
    assert example(place_of(Recipe, ("screen", "range"))) == [0, 4095]
    assert example(place_of(Recipe, ("export", "formats"))) == ["savedmodel", "tflite-float32", "tflite-int8", "tfjs"]
