"""evergreen.sections.refusing.told: no wrong value of any field is answered in pydantic's words, and lines work."""

import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from typing import Any, get_args

import pydantic_core.core_schema
import pytest
from pydantic import ValidationError

from evergreen.errors import BadRecipe
from evergreen.overrides import overridden
from evergreen.recipe import Recipe, load_recipe, parse_recipe
from evergreen.recipe_files import read
from evergreen.sections.refusing.expected import PATTERNS, Place, limits
from evergreen.sections.refusing.told import TRY, every_place, refused

FOREIGN = re.compile(
    r"Input should|should (be|have|match)|valid (tuple|string|integer|number|dictionary|boolean)|instance of|"
    r"NoneType|\^\[|\\w|Field required|Value error|Extra inputs|constrained|literal\[|function-|unable to parse|"
    r"Keys should"
)
# Of each kind of value one that some field cannot have; and what is out of bounds of every number.
WRONG: tuple[Any, ...] = (
    *(None, "", "some words", -7, 3.7, 10**9, float("nan")),
    *([], [None], {}, {"nobody": 1}, {1: "a"}),
)
# What pydantic may say of a field of ours; whatever it may say beside is for types that no field has.
RAISED = {
    *("missing", "extra_forbidden", "invalid_key", "model_type", "greater_than", "greater_than_equal", "less_than"),
    *("less_than_equal", "finite_number", "too_short", "too_long", "string_type", "string_too_short"),
    *("string_too_long", "string_pattern_mismatch", "string_unicode", "dict_type", "tuple_type", "bool_type"),
    *("bool_parsing", "int_type", "int_parsing", "int_parsing_size", "int_from_float", "float_type", "float_parsing"),
    *("literal_error", "value_error"),
}
DIGITS = read("digits")[1]
# A recipe with every section in it, and one item of every list.
EVERYTHING: dict[str, Any] = {
    "name": "everything",
    "source": {"http": {"files": [{"url": "https://example.org/a.zip"}]}},
    "train": {
        "backbone": "cnn",
        "cnn": [{"filters": 8}],
        "phases": [{"epochs": 1, "early_stopping": {}, "reduce_on_plateau": {}}],
        "head": {"dense": [{"units": 8}], "convolutions": [{"filters": 8}]},
        "stop_when": {"accuracy": 0.9, "val_accuracy": 0.9},
        "teacher": {"model": "4fd2"},
    },
    "augment": {"rand_augment": {}, "erasing": {}},
    "balance": {"weights": "explicit", "explicit": {"a": 1}},
}
# What no single value mends: a network of the other kind has other blocks.
WITHOUT = {"train.backbone"}
PLACES = every_place(Recipe)


def _with(values: dict[str, Any], place: Place, value: Any) -> dict[str, Any] | None:
    """Return a recipe with a value at a place; None if it has no such place."""
    *above, last = place.path
    section: Any = values
    for part in above:
        if isinstance(section, dict):
            section = section.setdefault(str(part), {})
        elif isinstance(part, int) and isinstance(section, list) and section:
            section = section[part]
        else:
            return None
    if not isinstance(section, dict):
        return None
    section[str(last)] = value
    return values


def _refusals(place: Place) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield every recipe with a wrong value at a place, and what pydantic says of it."""
    for value in WRONG:
        values = _with(deepcopy(EVERYTHING), place, value)
        assert values is not None, place.dotted
        try:
            Recipe.model_validate(values)
        except ValidationError as error:
            yield values, error.errors(include_url=False)


def test_no_wrong_value_of_any_field_is_answered_in_foreign_words() -> None:
    for place in PLACES:
        found = list(_refusals(place))
        assert found, place.dotted
        for values, entries in found:
            assert {entry["type"] for entry in entries} <= RAISED
            told = refused(entries, Recipe, None)
            assert not FOREIGN.search(told), told
            assert told, (place.dotted, values)
            for line in told.split("\n"):
                assert re.match(r"  [\w.]+: ", line), line


def test_what_pydantic_may_say_is_known_to_it() -> None:
    assert set(get_args(pydantic_core.core_schema.ErrorType)) >= RAISED


def test_every_field_has_a_line_that_works() -> None:
    lines = 0
    for place in PLACES:
        values = _with(deepcopy(DIGITS), place, "some words")
        if values is None or place.path[0] == "source" or place.path[:2] == ("train", "teacher"):
            continue
        with suppress(ValidationError):
            Recipe.model_validate(values)
            continue  # text may be there
        with pytest.raises(BadRecipe) as told:
            parse_recipe(values, "digits.yaml")
        found = [line for line in str(told.value).split("\n") if line.startswith(TRY)]
        if place.dotted in WITHOUT:
            continue
        assert len(found) == (2 if place.path[1:2] == ("stop_when",) and place.path[2:] else 1), told.value
        overrides = [word for line in found for word in shlex.split(line)[2:]]
        assert parse_recipe(overridden(values, overrides, Recipe)[0], "digits.yaml")
        lines += 1
    assert lines > 100


def test_every_pattern_has_words() -> None:
    patterns = {
        str(limits(bounds)["pattern"]) for place in PLACES for _, bounds in place.kinds if "pattern" in limits(bounds)
    }
    assert patterns <= set(PATTERNS)
    assert patterns >= set(PATTERNS) - {pattern for pattern in PATTERNS if "https?://" in pattern}
    for pattern, (words, example) in PATTERNS.items():
        assert re.search(pattern, example)
        assert not re.search(r"[\\^]", words)


def test_a_teachers_recipe_is_refused_with_the_line_that_shows_it_alone(tmp_path: Any) -> None:
    path = tmp_path / "big.yaml"
    path.write_text("name: big\nsource: {embedded: {name: digits}}\ntrain: {phases: [{epochs: 0}]}\n")
    with pytest.raises(BadRecipe) as told:
        load_recipe("digits", [f"train.teacher={{recipe: {path}}}"])
    assert str(told.value) == (
        "big.yaml is not a valid recipe:\n"
        "  train.phases.0.epochs: expected a whole number from 1 to 10,000; received 0\n"
        f"Seen alone, with lines to type: evergreen plan {path}"
    )


def test_what_follows_of_another_mistake_is_not_told() -> None:
    with pytest.raises(BadRecipe) as told:
        parse_recipe({"name": "a", "source": {"local": {"pth": "x"}}, "train": {"phases": [{"epochs": 0}]}}, "a.yaml")
    assert [line for line in str(told.value).split("\n") if line.startswith("  ") and not line.startswith(TRY)] == [
        "  source.local.pth: unknown key; did you mean path?",
        "  train.phases.0.epochs: expected a whole number from 1 to 10,000; received 0",
    ]
