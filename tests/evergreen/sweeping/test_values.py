"""evergreen.sweeping.values: any value survives its way through ``--set``; a trial is what ``retrain`` would read."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe
from evergreen.recipe_files import apply
from evergreen.sections.sweep import Sweep
from evergreen.sweeping.values import is_same, overrides_of, recipe_of, value_text

# Signs that mean something in YAML, words that it takes for others, and any letter there is.
TEXTS = st.text(st.sampled_from("abzAZ059 ,:#-?{}[]'\"|>&*!%@`\\~=._\t\n\x7f\x85é\u2028\ufeff😀")) | st.text(max_size=8)
WORDS = st.sampled_from(
    ["null", "~", "yes", "Off", "1e-4", "0x1F", "1_000", "017", "12:30", "2024-01-01", ".nan", "<<", ""]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS | WORDS
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | WORDS, inner, max_size=3), max_leaves=8
)


@settings(deadline=None)
@given(JSON)
def test_every_value_is_read_back_as_it_was_in_one_line(value: Any) -> None:
    (override,) = overrides_of({"a.b": value})
    assert "\n" not in override
    values: dict[str, Any] = {}
    apply(values, override)
    assert json.dumps(values) == json.dumps({"a": {"b": value}})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("MobileNetV2", "MobileNetV2"),
        (0.0001, "0.0001"),
        (1e-05, "1.0e-05"),
        ("1,2", "1,2"),
        ("007", '"007"'),
        ([{"units": 64}, "a, b"], '[{units: 64}, "a, b"]'),
        ("a\x7f", r'"a\x7F"'),
        (None, "null"),
    ],
)
def test_values_are_as_short_as_they_can_be_read(value: Any, text: str) -> None:
    assert value_text(value) == text


def test_values_of_two_kinds_are_two() -> None:
    assert not is_same(1, 1.0)
    assert not is_same(1, True)
    assert is_same({"a": [1], "b": 2}, {"b": 2, "a": (1,)})


def test_a_trial_is_the_recipe_that_retrain_would_read() -> None:
    sweep = Sweep.model_validate({"recipe": "digits", "set": ["train.phases.0.epochs=2"], "over": {"image": [{}]}})
    values = {"train.head.dense": [{"units": 8}], "train.phases.0.learning_rate": 0.01}
    sets = [*sweep.set, "train.head.dense=[{units: 8}]", "train.phases.0.learning_rate=0.01"]
    assert recipe_of(sweep, values) == load_recipe("digits", sets)
    assert recipe_of(sweep, values, 9, ["train.threads=2"]) == load_recipe(
        "digits", [*sets, "seed=9", "train.threads=2"]
    )
    assert recipe_of(sweep, values).typed.overrides == tuple(sets), "what a person would type"


def test_a_trial_takes_its_images_from_where_the_sweep_does(tmp_path: Any) -> None:
    sweep = Sweep.model_validate({"recipe": "digits", "over": {"image": [{}]}}).named("digits", None, [str(tmp_path)])
    assert recipe_of(sweep, {}) == load_recipe("digits", source=str(tmp_path))
    with pytest.raises(
        BadRecipe, match=r"train\.head\.dropout: expected a number of 0 or more and below 1; received 2"
    ):
        recipe_of(sweep, {"train.head.dropout": 2})
