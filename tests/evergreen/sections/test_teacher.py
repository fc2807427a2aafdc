"""evergreen.sections.teacher: who may be named, and that a name alone is a list of one."""

import pytest

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe
from evergreen.sections.teacher import Teacher, refuse_other_classes


def test_one_name_is_a_list_of_one_and_no_teacher_is_none() -> None:
    assert Teacher.model_validate({"model": "4fd2"}).model == ("4fd2",)
    assert Teacher.model_validate({"recipe": ["a", "b"]}).recipe == ("a", "b")
    assert load_recipe("digits").train.teacher is None
    assert load_recipe("digits").teaching is None
    assert "teaching" not in load_recipe("digits").values()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{}", "expected either recipe .* or model .* received neither"),
        ("{recipe: cifar10, model: 4fd2}", "received both"),
        ("{model: [4fd2, 4fd2]}", "each teacher once"),
        ("{model: 4fd2, temperature: 0.5}", "expected a number from 1 to 100; received 0.5"),
        ("{model: 4fd2, weight: 0}", "expected a number above 0 and at most 1; received 0"),
        ("{model: ''}", "expected text that is not empty"),
    ],
)
def test_a_teacher_that_says_nothing_or_too_much_is_refused(said: str, message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        load_recipe("digits", [f"train.teacher={said}"])


def test_the_order_of_classes_does_not_matter() -> None:
    refuse_other_classes("big", ["b", "a"], ["a", "b"])
    with pytest.raises(BadRecipe, match="big lacks b and has c, d too: choose another"):
        refuse_other_classes("big", ["a", "d", "c"], ["a", "b"])
