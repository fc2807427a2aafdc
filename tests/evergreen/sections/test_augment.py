"""evergreen.sections.augment: settings that contradict each other are refused, and what works is said."""

from typing import Any

import pytest
from pydantic import ValidationError

from evergreen.errors import BadRecipe
from evergreen.recipe import load_recipe
from evergreen.sections.augment import Augment, Erasing
from evergreen.sections.background import KINDS


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"magnitude": 0.2, "rotation": 10}, "expected no rotation beside it"),
        ({"magnitude": 0.2, "horizontal_flip": "alternate"}, "expected no horizontal_flip beside it"),
        ({"magnitude": 0.2, "translate": 2, "rand_augment": {}}, "expected no translate, rand_augment beside it"),
        ({"magnitude": 0.6}, "less than or equal to 0.5"),
        ({"brightness": (1.2, 0.8)}, r"brightness: expected \[low, high\] within 0 and 10; received \[1.2, 0.8\]"),
        ({"random_resolution": (0.0, 1.0)}, r"random_resolution: expected \[low, high\]"),
        ({"horizontal_flip": "sometimes"}, "alternate"),
        ({"translate": 0.5}, "valid integer"),
        ({"mixup": -1}, "greater than or equal to 0"),
        ({"erasing": {"area": (0.5, 0.1)}}, r"area: expected \[low, high\] within 0.0001 and 1; received \[0.5, 0.1\]"),
        ({"erasing": {"aspect": (0, 1)}}, r"aspect: expected \[low, high\] within 0.01 and 100; received"),
        ({"erasing": {"size": 8, "area": (0.1, 0.2)}}, "size is a square's: expected no area beside it"),
        ({"rand_augment": {"magnitude": 31}}, "less than or equal to 30"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Augment(**settings)


def test_what_a_magnitude_does_not_stand_for_may_stand_beside_it() -> None:
    augment = Augment(magnitude=0.2, erasing=Erasing(), mixup=0.2, cutmix=1, fill="reflect")
    assert augment.mixup == 0.2


@pytest.mark.parametrize(("said", "meant"), [("true", True), ("false", False), ("alternate", "alternate")])
def test_a_flip_is_said_in_words(said: str, meant: bool | str) -> None:
    flip = load_recipe("digits", [f"augment.horizontal_flip={said}"]).augment.horizontal_flip
    assert flip == meant
    assert type(flip) is type(meant)


def test_a_flip_that_is_no_word_is_answered_with_the_words() -> None:
    with pytest.raises(BadRecipe, match="alternate"):
        load_recipe("digits", ["augment.horizontal_flip=sometimes"])


def test_the_shortest_background_has_every_kind() -> None:
    found = load_recipe("digits", ["augment.background={}"]).augment.background
    assert found is not None
    assert (found.replace, found.scenes, found.folders) == (0.5, KINDS, ())


def test_a_background_with_a_slash_is_a_folder() -> None:
    found = load_recipe("digits", ["augment.background.with=[plain, ./photos, /mine]"]).augment.background
    assert found is not None
    assert found.folders == ("./photos", "/mine")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{with: [plian]}", "received 'plian': did you mean plain? If a folder is meant: ./plian"),
        ("{with: [holiday]}", "received 'holiday': if a folder is meant: ./holiday"),
        ("{with: [plain, plain]}", "received plain several times"),
        ("{with: []}", "expected a list of 1 or more"),
        ("{replace: 0}", "augment.background.replace"),
        ("{replce: 0.3}", "did you mean replace?"),
    ],
)
def test_what_is_refused_of_a_background(value: str, said: str) -> None:
    with pytest.raises(BadRecipe) as refused:
        load_recipe("digits", [f"augment.background={value}"])
    assert said in str(refused.value)


def test_a_background_stands_beside_a_magnitude() -> None:
    found = load_recipe("digits", ["augment.magnitude=0.1", "augment.background={}"])
    assert found.augment.background is not None
