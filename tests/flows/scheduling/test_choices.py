"""flows.scheduling.choices: the form of a deployment shows what its recipe has, or which recipes there are."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError, validate
from prefect.utilities.callables import parameter_schema

from evergreen.recipe import load_recipe
from flows.folds import folds
from flows.retrain import retrain
from flows.scheduling.choices import shown


def _schema(flow: Any) -> dict[str, Any]:
    return dict(parameter_schema(flow.fn).model_dump_for_openapi())


def test_each_field_of_one_recipe_says_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nsource: {local: {path: photos}}\nsplit: {test: 0.25}\ntrain: {label_smoothing: 0.1}\n")
    found = shown(_schema(retrain), "mine.yaml", tmp_path)["definitions"]
    field = found["SplitSettings"]["properties"]["test"]
    plain = _schema(retrain)["definitions"]["SplitSettings"]["properties"]["test"]["description"]
    assert field["description"] == f"{plain} mine has: 0.25"
    recipe = load_recipe(file)
    smoothing = found["TrainSettings"]["properties"]["label_smoothing"]["description"]
    assert smoothing.endswith(f" mine has: {recipe.train.label_smoothing}")
    phases = found["TrainSettings"]["properties"]["phases"]["description"]
    assert f'mine has: [{{"unfreeze": "{recipe.train.phases[0].unfreeze}"' in phases
    assert "nesterov" not in phases  # what a phase leaves to its default
    for name, settings in found.items():
        for known in settings.get("properties", {}).values() if name.endswith("Settings") else ():
            assert "mine has: " in known["description"] or "Settings" in str(known), (name, known)
    assert "properties" in found["RecipeSettings"]


def test_a_recipe_that_cannot_be_read_leaves_the_form_as_it_is(tmp_path: Path) -> None:
    assert shown(_schema(retrain), "nowhere", tmp_path) == _schema(retrain)


def test_where_any_recipe_may_be_named_there_are_names_to_choose_and_a_path_goes_too(tmp_path: Path) -> None:
    found = shown(_schema(folds), "digits", tmp_path)
    field = found["properties"]["recipe"]
    by_name, by_path = field["anyOf"]
    assert {"digits", "chessman-lite"} <= set(by_name["enum"])
    assert by_path["type"] == "string"
    assert field["description"] == "a name in recipes/, or the path of a YAML file."
    for recipe in ("digits", "/my/recipe.yaml"):
        validate({"recipe": recipe}, found)
    with pytest.raises(ValidationError):
        validate({"recipe": 3}, found)
