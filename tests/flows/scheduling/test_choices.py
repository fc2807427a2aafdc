"""flows.scheduling.choices: the form of a deployment shows what its recipe has, or which recipes there are."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError, validate
from prefect.utilities.callables import parameter_schema

from evergreen.recipe import load_recipe
from flows.folds import folds
from flows.retrain import retrain
from flows.scheduling import choices as module
from flows.scheduling.choices import is_same, shown


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
    assert found["RetrainWhenSettings"]["properties"]["max_age_days"]["title"] == "max_age_days"
    assert found["Phase"]["properties"]["learning_rate"]["title"] == "learning_rate"


def test_the_form_says_of_when_its_values_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(module.datetime):
        hour_now = 3

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return cls(2026, 1, 2, cls.hour_now, 4, tzinfo=tz)

    monkeypatch.setattr(module, "datetime", Clock)
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\nsource: {local: {path: photos}}\n")
    at_three = shown(_schema(retrain), "mine.yaml", tmp_path)
    assert " as of 2026-01-02 03:04 UTC: a change of its file" in at_three["properties"]["settings"]["description"]
    assert at_three["properties"]["recipe"] == _schema(retrain)["properties"]["recipe"]  # no name to choose
    monkeypatch.setattr(Clock, "hour_now", 4)
    at_four = shown(_schema(retrain), "mine.yaml", tmp_path)
    assert at_three != at_four
    assert is_same(at_three, at_four)
    file.write_text("name: mine\nsource: {local: {path: photos}}\nsplit: {test: 0.25}\n")
    assert not is_same(at_three, shown(_schema(retrain), "mine.yaml", tmp_path))


def test_a_recipe_that_cannot_be_read_has_its_form_without_values(tmp_path: Path) -> None:
    found = shown(_schema(retrain), "nowhere", tmp_path)
    assert found["properties"] == _schema(retrain)["properties"]
    assert " has: " not in str(found)


def test_where_any_recipe_may_be_named_there_are_names_to_choose_and_a_path_goes_too(tmp_path: Path) -> None:
    found = shown(_schema(folds), "digits", tmp_path)
    field = found["properties"]["recipe"]
    by_name, by_path = field["anyOf"]
    assert {"digits", "chessman-lite"} <= set(by_name["enum"])
    assert by_path["type"] == "string"
    assert field["description"] == "a name in recipes/, or the path of a YAML file."
    retraining = shown(_schema(retrain), "digits", tmp_path)["properties"]
    assert retraining["recipe"]["anyOf"][0]["enum"] == by_name["enum"]
    for recipe in ("digits", "/my/recipe.yaml"):
        validate({"recipe": recipe}, found)
    with pytest.raises(ValidationError):
        validate({"recipe": 3}, found)
