"""evergreen.sweeping.dimensions: what a range is of which field, and which numbers its steps reach."""

from typing import Any

import pytest

from evergreen.recipe import load_recipe
from evergreen.sections.sweep import ValueRange
from evergreen.sweeping.dimensions import Choices, Span, number_at, place_in_recipe, span_of, value_at


def span(path: str, **given: Any) -> Span | str:
    place = place_in_recipe(path)
    assert place is not None
    return span_of(ValueRange.model_validate(given), place)


def test_steps_are_counted_in_decimals() -> None:
    assert Span(0.1, 0.5, step=0.1).values == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert Span(1e-12, 3e-12, step=1e-12).values == (1e-12, 2e-12, 3e-12)
    assert Span(8, 64, whole=True, step=28).values == (8, 36, 64)
    assert all(isinstance(value, int) for value in Span(8, 64, whole=True, step=28).values)
    assert Span(0, 1).values == ()


def test_a_range_is_of_whole_numbers_where_the_field_is_one() -> None:
    assert span("train.phases.0.batch", low=8, high=64, log=True) == Span(8, 64, whole=True, log=True)
    assert span("train.phases.0.unfreeze", low=5, high=20, step=5) == Span(5, 20, whole=True, step=5)
    assert span("augment.rotation", low=5, high=20) == Span(5.0, 20.0)
    assert span("train.phases.0.batch", low=8, high=8.5) == "expected whole numbers, and so a range of them"
    assert span("train.backbone", low=1, high=2) == "expected a list of values: a range is for numbers"


def test_a_range_ends_where_its_steps_do() -> None:
    assert span("train.phases.0.epochs", low=1, high=6, step=2) == Span(1, 5, whole=True, step=2)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("augment.magnitude", float),
        ("train.phases.0.weight_decay", float),
        ("train.phases.3.epochs", int),
        ("train.phases.0.nesterov", None),
        ("augment.brightness", None),
        ("train.head", None),
    ],
)
def test_which_numbers_a_field_takes(path: str, kind: type | None) -> None:
    place = place_in_recipe(path)
    assert place is not None
    assert number_at(place) is kind


def test_there_is_no_place_for_what_no_recipe_has() -> None:
    assert [place_in_recipe(path) for path in ("train.phases.0.lr", "", "nothing", "train.backbone.x")] == [None] * 4


def test_a_value_is_found_at_its_path() -> None:
    values = load_recipe("tsel").values()
    assert value_at(values, "train.phases.1.learning_rate") == 3e-6
    assert value_at(values, "train.phases.2.learning_rate") is None
    assert value_at(values, "train.backbone.x") is None


def test_what_sweep_json_says_of_them() -> None:
    assert Choices(("a", None)).as_json() == {"choices": ["a", None]}
    assert Span(0.1, 0.5).as_json() == {"low": 0.1, "high": 0.5, "log": False, "step": None}
