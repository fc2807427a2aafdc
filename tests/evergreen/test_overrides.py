"""evergreen.overrides: what is replaced in which order, what is refused, and what another value is tried by."""

from typing import Any

import pytest

from evergreen.errors import BadRecipe
from evergreen.overrides import attempts_on, overridden
from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import read
from evergreen.sections.trainings import HEAD_EPOCHS, LEARN


def test_the_values_that_are_given_stay_as_they_are() -> None:
    values: dict[str, Any] = {"train": {"phases": [{"epochs": 1}]}}
    changed, said = overridden(values, ["train.phases.0.epochs=3", "augment.rotation=5"], Recipe)
    assert changed == {"train": {"phases": [{"epochs": 3}]}, "augment": {"rotation": 5}}
    assert values == {"train": {"phases": [{"epochs": 1}]}}
    assert said == []


def test_a_phase_is_of_those_that_the_network_brings_where_the_recipe_has_none() -> None:
    short = {"name": "short", "source": {"embedded": {"name": "digits"}}}
    given = ["train.phases.1.epochs=3", "train.backbone=EfficientNetLite1"]
    changed, said = overridden(short, given, Recipe)
    assert [phase["epochs"] for phase in changed["train"]["phases"]] == [HEAD_EPOCHS, 3]
    assert changed["train"]["phases"][1]["unfreeze"] == LEARN["EfficientNetLite1"]
    assert changed["image"] == {"height": 240, "width": 240}, "the network that is named, wherever it stands"
    assert len(said) == 1
    assert "EfficientNetLite1 brings its own" in said[0]


def test_what_is_filled_in_for_a_phase_is_told_with_the_recipe(tmp_path: Any) -> None:
    path = tmp_path / "short.yaml"
    path.write_text("name: short\nsource: {embedded: {name: digits}}\n")
    remarks = load_recipe(path, ["train.phases.0.epochs=3"]).remarks
    assert [remark for remark in remarks if "brings its own" in remark] == list(remarks)
    assert load_recipe(path).remarks == remarks


@pytest.mark.parametrize("override", ["source", "source: https://me:pw@host", "source https://me:pw@host"])
def test_nothing_of_a_source_is_shown(override: str) -> None:
    with pytest.raises(BadRecipe) as told:
        overridden({}, [override], Recipe)
    assert str(told.value) == "--set: expected PATH=VALUE; where the images are is said by --source"


def test_an_attempt_finds_what_is_wrong_with_a_key_taken_out_and_overrides_put_in() -> None:
    values = read("digits")[1] | {"seeed": 3}
    attempt = attempts_on(values, Recipe)
    assert attempt(None, []) == {("seeed",)}
    assert attempt(("seeed",), ["seed=3"]) == set()
    assert attempt(("seeed",), ["seed=many", "split.test=2"]) == {("seed",), ("split", "test")}
    assert attempt(("seeed",), ["train.phases.4.epochs=1"]) is None

    def refuse(_: Any) -> None:
        raise BadRecipe("not with those that it names")

    assert attempts_on(values, Recipe, refuse)(("seeed",), []) is None
    assert "seeed" in values
