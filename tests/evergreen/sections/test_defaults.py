"""evergreen.sections.defaults: values equal to their default are out of every key, told apart all the same, and pinned.

Values equal to their default are in no key, so a default that changes must raise the format of every step that reads
it, or the step would go on with what it made under the old one. ``defaults.json`` says, step by step and format by
format, which defaults came into force with it: an entry that is there is never edited, a later format adds to it.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, Field
from reference_archives import SHIPPED

from evergreen.fold_steps import FOLD_STEPS
from evergreen.recipe import Recipe, in_full, load_recipe, parse_recipe
from evergreen.sections.base import Section
from evergreen.sections.defaults import defaults_of, sections_in, with_defaults
from evergreen.sections.training import Train
from evergreen.step import Step
from evergreen.steps import BY_NAME, STEPS

NAMES = [path.stem for path in SHIPPED]
WITH_PHASES = (
    "train.phases=[{epochs: 2, early_stopping: {}}, {epochs: 3, early_stopping: {patience: 2}, unfreeze: all}]"
)
PINS = Path(__file__).resolve().parents[2] / "support" / "defaults.json"


def pinned() -> dict[str, dict[str, dict[str, Any]]]:
    """Return {step: {format: {dotted path of a value: its default as JSON}}}."""
    pins: dict[str, dict[str, dict[str, Any]]] = json.loads(PINS.read_text(encoding="utf-8"))
    return pins


def present(step: Step) -> dict[str, Any]:
    """Return {dotted path: present default} of what a step reads; items of a list have the path ``[]``."""
    sections = tuple(f"{name}." for name in step.recipe)
    return {path: value for path, value in _defaults(Recipe) if path in step.recipe or path.startswith(sections)}


def to_do(steps: tuple[Step, ...], pins: dict[str, dict[str, dict[str, Any]]]) -> list[str]:
    """Return what somebody who changed a recipe's fields has still to do, one sentence each."""
    return [sentence for step in steps for sentence in _to_do(step, pins.get(step.name, {}))]


def _to_do(step: Step, pins: dict[str, dict[str, Any]]) -> Iterator[str]:
    if late := [number for number in pins if int(number) > step.format]:
        yield f"{step.name}: its format is {step.format}, but defaults are pinned for {max(late, key=int)}"
    in_force: dict[str, Any] = {}
    for number in sorted(pins, key=int):
        in_force |= pins[number]
    now = present(step)
    for path, default in now.items():
        if path not in in_force:
            yield f"{step.name}: add {path} ({default!r}) to its format {step.format} in {PINS.name}"
        elif in_force[path] != default or type(in_force[path]) is not type(default):
            yield (
                f"{step.name}: the default of {path} was {in_force[path]!r} and is {default!r}: raise the step's "
                f"format in evergreen/steps.py to {step.format + 1} and add the new default under it in {PINS.name}"
            )


def _defaults(section: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted path, default) of a section and of those inside it.

    A default that is a section itself counts by what it says beyond its own fields' defaults, which are listed anyway.
    """
    for name, field in section.model_fields.items():
        here = f"{path}.{name}" if path else name
        if not field.is_required():
            default = field.default
            said = default.model_dump(mode="json", exclude_defaults=True) if isinstance(default, BaseModel) else None
            yield here, defaults_of(section)[name] if said is None else said
        for inner in sections_in(field.annotation):
            yield from _defaults(inner, here + ("[]" if get_origin(field.annotation) is tuple else ""))


def unfit_fields(section: type[BaseModel] = Recipe, path: str = "recipe") -> list[str]:
    """Return fields whose values could not be left out of a key and still be told apart, and why."""
    unfit = []
    for name, field in section.model_fields.items():
        here, inner = f"{path}.{name}", list(dict.fromkeys(sections_in(field.annotation)))
        if field.default_factory is not None:
            unfit.append(f"{here}: its default is made by a function, so nobody can pin it: give the value itself")
        if len(inner) > 1:
            unfit.append(f"{here}: two kinds of section, both written as {{}} if they keep to their defaults")
        if inner and _maps(field.annotation):
            unfit.append(f"{here}: names of a mapping look like fields of a section")
        for one in inner:
            unfit += unfit_fields(one, here)
    return unfit


def _maps(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(_maps(inner) for inner in get_args(annotation))


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


def test_values_of_an_earlier_version_have_their_present_names() -> None:
    assert in_full({"split": {"group_near_duplicates": True}})["split"]["group"] == ["near-duplicates"]
    assert in_full({"split": {"group_near_duplicates": None}}) == in_full({"split": {}})


def test_todays_defaults_are_those_that_the_steps_formats_stand_for() -> None:
    assert to_do((*STEPS, *FOLD_STEPS), pinned()) == [], (
        "a default that changes another run's result needs a new format"
    )


def test_another_default_wants_the_format_of_every_step_that_reads_it_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    class Image(Section):
        height: int = Field(224)

    class Changed(Section):
        image: Image = Field(Image())

    pins = {name: {"1": {"image": {}, "image.height": 160}} for name in ("train", "evaluate")}
    steps = tuple(replace(BY_NAME[name], recipe=("image",), format=1) for name in pins)
    monkeypatch.setattr(sys.modules[__name__], "Recipe", Changed)
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
