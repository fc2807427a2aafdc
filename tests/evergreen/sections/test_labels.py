"""evergreen.sections.labels: values that contradict each other are refused, and names that YAML read otherwise."""

from typing import Any

import pytest
from pydantic import ValidationError

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe
from evergreen.sections.base import Section
from evergreen.sections.labels import Labels, Repair


@pytest.mark.parametrize(
    ("section", "values", "said"),
    [
        (Repair, {"classes": ["a", "a"]}, "expected every class once"),
        (Repair, {"classes": ["a"], "rename": {"x": "b"}}, "rename leads to ['b'], which classes does not name"),
        (Repair, {"level": 0}, "level"),
        (Repair, {"level": "second"}, "level"),
        (Labels, {"pattern": "("}, "expected a regular expression"),
        (Labels, {"pattern": "[a-z]+"}, "expected a group (?P<label>...)"),
        (Labels, {"pattern": "(?P<label>x)", "table": "t", "file": "a", "label": "b"}, "expected pattern or table"),
        (Labels, {"table": "t.csv", "file": "a"}, "expected file and label beside table"),
        (Labels, {"suffix": ".jpg"}, "expected table beside file, label, suffix and subset"),
    ],
)
def test_what_contradicts_itself_is_refused(section: type[Section], values: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        section(**values)
    assert said in str(refused.value)


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "true", "001", "1", "null", "1.5"])
def test_a_class_that_yaml_read_as_something_else_is_refused_with_what_to_do(word: str) -> None:
    with pytest.raises(BadRecipe, match=r"repair\.classes: expected names, received .*: quote it"):
        load_recipe("digits", [f"repair.classes=[cat, {word}]"])
    assert load_recipe("digits", [f'repair.classes=[cat, "{word}"]']).repair.classes == ("cat", word)


@pytest.mark.parametrize("level", ["first", "leaf", 1, 3])
def test_a_level_is_a_word_or_a_number(level: object) -> None:
    assert Repair.model_validate({"level": level}).level == level
