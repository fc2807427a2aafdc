"""evergreen.sections.refusing.synonyms: every word leads to a field, with a line that works."""

import re
from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.overrides import overridden
from evergreen.recipe import Recipe, parse_recipe
from evergreen.recipe_files import read
from evergreen.sections.refusing.expected import example, place_of
from evergreen.sections.refusing.synonyms import SOURCE, SYNONYMS, VALUE_OF, Meant, as_number, location_of, meant_by
from evergreen.sections.refusing.told import TRY

FIELDS = {name: meant for name, meant in SYNONYMS.items() if meant is not SOURCE}
# What needs a network of the other kind, or another optimizer, than the recipe of digits has.
NOT_THERE = {"train.phases.0.momentum", "train.phases.0.unfreeze", "train.teacher", "train.weights"}


def test_every_word_means_fields_that_there_are() -> None:
    for name, meant in SYNONYMS.items():
        for path in meant.paths:
            assert place_of(Recipe, location_of(path)).dotted == path, name
    for section, found in VALUE_OF.items():
        for meant in found if isinstance(found, tuple) else (found,):
            for field in meant.paths:
                assert place_of(Recipe, location_of(f"{section}.{field}")).dotted == f"{section}.{field}"


def test_no_word_is_a_field_at_the_place_where_it_would_be_explained() -> None:
    assert {name for name in SYNONYMS if "." not in name and name in Recipe.model_fields} <= {
        "image", "split", "labels", "export",
    }  # fmt: skip
    assert all(place_of(Recipe, location_of(name)).dotted != name for name in SYNONYMS if "." in name)


def test_every_word_is_answered_with_a_line() -> None:
    values = read("digits")[1]
    for name, meant in FIELDS.items():
        if name in Recipe.model_fields or set(meant.paths) & NOT_THERE:
            continue
        value = example(place_of(Recipe, location_of(meant.paths[0])))
        with pytest.raises(BadRecipe) as told:
            parse_recipe(overridden(values, [f"{name}={value}"], Recipe)[0], "digits.yaml")
        assert re.search(rf"\n{TRY}--set .*{re.escape(meant.paths[0])}", str(told.value)), told.value


def test_the_table_is_asked_with_signs_capitals_and_the_section() -> None:
    assert meant_by("", "Batch-Size") is meant_by("train", "batch_size") is SYNONYMS["batch_size"]
    assert meant_by("split", "train") is SYNONYMS["split.train"]
    assert meant_by("", "nobody") is None


@pytest.mark.parametrize(
    ("word", "value", "given"),
    [
        ("size", 224, [224, 224]),
        ("size", "224x160", [224, 160]),
        ("size", [224, 160, 3], [224, 160]),
        ("val", "20%", [0.2]),
        ("val", 20, [0.2]),
        ("val", "0,2", [0.2]),
        ("split.train", 0.8, [0.1, 0.1]),
        ("classes", "cat, dog", [["cat", "dog"]]),
        ("brightness", 0.2, [[0.8, 1.2]]),
        ("pretrained", True, ["imagenet"]),
        ("pretrained", False, ["none"]),
        ("class_weight", True, ["balanced"]),
        ("freeze", True, ["none"]),
        ("cutout", 8, [{"probability": 1, "size": 8}]),
        ("oversample", True, ["none", True]),
    ],
)
def test_what_was_given_becomes_values_of_the_fields(word: str, value: Any, given: list[Any]) -> None:
    meant = SYNONYMS[word]
    assert meant.given(value) == list(zip(meant.paths, given, strict=True))


def test_what_says_nothing_of_the_fields_is_no_value() -> None:
    assert SYNONYMS["size"].given("large") is None
    assert SYNONYMS["val"].given(None) is None
    assert Meant(("seed",)).given("any") == [("seed", "any")]


@pytest.mark.parametrize(
    ("text", "number"), [("3", 3), ("20%", 0.2), ("0,5", 0.5), (" -1 ", -1), ("x", None), (True, None)]
)
def test_a_number_is_read_as_people_write_it(text: Any, number: float | None) -> None:
    assert as_number(text) == number
