"""Values equal to their default: out of every key, told apart all the same, and pinned beside the steps' formats."""

import json
from dataclasses import replace
from typing import Literal

import pytest
from pinned_defaults import pinned, present, to_do, unfit_fields
from pydantic import Field

from evergreen.recipe import RECIPES, Recipe, in_full, load_recipe, parse_recipe
from evergreen.sections.base import Section
from evergreen.sections.defaults import with_defaults
from evergreen.sections.training import Train
from evergreen.steps import BY_NAME, STEPS

NAMES = [path.stem for path in sorted(RECIPES.glob("*.yaml"))]
WITH_PHASES = (
    "train.phases=[{epochs: 2, early_stopping: {}}, {epochs: 3, early_stopping: {patience: 2}, unfreeze: all}]"
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("override", ["seed=42", "seed=1", "balance={}", "augment.rotation=0", "verify.images=3"])
def test_what_is_left_out_is_found_again(name: str, override: str) -> None:
    recipe = load_recipe(name, [override])
    choices = json.loads(json.dumps(recipe.choices(Recipe.model_fields)))
    assert parse_recipe(choices, "choices") == recipe
    assert in_full(choices, Recipe.model_fields) == recipe.sections(Recipe.model_fields)


@pytest.mark.parametrize(
    "override",
    [
        "seed=42",
        "title=''",
        "augment={rotation: 0.0, fill: nearest}",
        "train.phases.0.batch=32",
        "train.phases.0.early_stopping.monitor=val_loss",
        "train.cnn.1.kernel=3",
        "train.head.dense.0={units: 128, dropout: 0.5, l2: 0, activation: relu}",
        "screen={}",
        "gate.require_verified=[]",
        "retrain_when.max_age_days=null",
    ],
)
def test_a_value_that_is_said_though_it_is_the_default_changes_nothing(override: str) -> None:
    digits = load_recipe("digits", ["seed=42", "title=''"])
    assert load_recipe("digits", ["seed=42", "title=''", override]).choices(Recipe.model_fields) == digits.choices(
        Recipe.model_fields
    )


def test_a_section_of_defaults_is_not_no_section() -> None:
    recipe = load_recipe("digits", [WITH_PHASES])
    one, other = recipe.choices(("train",))["train"]["phases"]
    assert one == {"epochs": 2, "early_stopping": {}}
    assert other == {"epochs": 3, "early_stopping": {"patience": 2}}


def test_values_of_an_earlier_version_keep_what_they_say_and_get_what_they_lack() -> None:
    earlier = {"phases": [{"epochs": 2, "momentum": 0.9}], "backbone": "cnn", "gone": {"a": 1}}
    full = with_defaults(Train, earlier)
    assert full["gone"] == {"a": 1}
    assert full["phases"][0]["momentum"] == 0.9
    assert full["phases"][0]["learning_rate"] == 0.001
    assert full["head"]["pooling"] == "average"
    assert earlier == {"phases": [{"epochs": 2, "momentum": 0.9}], "backbone": "cnn", "gone": {"a": 1}}


def test_todays_defaults_are_those_that_the_steps_formats_stand_for() -> None:
    assert to_do(STEPS, pinned()) == [], "a default that changes another run's result needs a new format"


def test_another_default_wants_the_format_of_every_step_that_reads_it_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    class Image(Section):
        height: int = Field(224)

    class Changed(Section):
        image: Image = Field(Image())

    pins = {name: {"1": {"image": {}, "image.height": 160}} for name in ("train", "evaluate")}
    steps = tuple(replace(BY_NAME[name], recipe=("image",), format=1) for name in pins)
    monkeypatch.setattr("pinned_defaults.Recipe", Changed)
    said = to_do(steps, pins)
    assert [sentence.partition(":")[0] for sentence in said] == ["train", "evaluate"]
    assert (
        "the default of image.height was 160 and is 224: raise the step's format in evergreen/steps.py to 2" in said[0]
    )
    pins["train"]["2"] = {"image.height": 224}
    assert "its format is 1, but defaults are pinned for 2" in to_do(steps[:1], pins)[0]
    assert to_do((replace(steps[0], format=2),), pins) == []


def test_a_new_field_is_pinned_too_and_raises_nothing() -> None:
    pins = pinned()
    del pins["train"]["1"]["train.views"]
    number = BY_NAME["train"].format
    assert to_do(STEPS, pins) == [f"train: add train.views (4) to its format {number} in defaults.json"]
    assert {name for name in present(BY_NAME["train"]) if name.startswith("train.phases")} >= {
        "train.phases[].batch",
        "train.phases[].early_stopping.patience",
    }


def test_every_field_can_be_left_out_and_told_apart() -> None:
    assert unfit_fields() == []

    class One(Section):
        a: int = 1

    class Other(Section):
        a: int = 1
        kind: Literal["other"] = "other"

    class Unfit(Section):
        made: list[int] = Field(default_factory=list)
        either: One | Other = One()
        named: dict[str, One] = Field({})

    assert [line.partition(":")[0] for line in unfit_fields(Unfit)] == ["recipe.made", "recipe.either", "recipe.named"]
