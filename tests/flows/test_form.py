"""flows.form: the recipe as a form in which everything is optional."""

import pytest
from pydantic import ValidationError

from evergreen.recipe import Recipe, load_recipe
from flows.form import Settings, as_overrides


def test_an_empty_form_replaces_nothing() -> None:
    assert as_overrides(None) == []
    assert as_overrides(Settings()) == []
    assert as_overrides(Settings(train={})) == []


def test_what_is_set_replaces_the_recipes_value_and_nothing_beside_it() -> None:
    form = Settings.model_validate(
        {"seed": 9, "train": {"keep": "val_accuracy"}, "split": {"test": 0.2}, "repair": {"rename": {"a.b c": "zero"}}}
    )
    before, after = load_recipe("digits"), load_recipe("digits", as_overrides(form))
    assert (after.seed, after.train.keep, after.split.test) == (9, "val_accuracy", 0.2)
    assert after.repair.rename == {"a.b c": "zero"}
    assert after.train.phases == before.train.phases
    assert after.split.validation == before.split.validation


def test_lists_are_replaced_whole() -> None:
    form = Settings.model_validate({"train": {"phases": [{"epochs": 2, "batch": 16}]}, "export": {"formats": ["tfjs"]}})
    after = load_recipe("digits", as_overrides(form))
    assert [phase.epochs for phase in after.train.phases] == [2]
    assert after.export.formats == ("tfjs",)


def test_bounds_and_unknown_keys_are_those_of_the_recipe() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"split": {"test": 1.5}})
    with pytest.raises(ValidationError):
        Settings.model_validate({"train": {"epoch": 1}})


def test_every_field_carries_the_recipes_description() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description == Recipe.model_fields[name].description
        assert not field.is_required()
    assert set(Recipe.model_fields) - set(Settings.model_fields) == {"name", "title", "source"}


def test_a_form_that_was_saved_with_an_earlier_spelling_is_read() -> None:
    earlier = Settings.model_validate({"split": {"group_near_duplicates": True, "test": 0.2}})
    assert (
        load_recipe("digits", as_overrides(earlier)).split
        == load_recipe("digits", ["split.group=[near-duplicates]", "split.test=0.2"]).split
    )
