"""evergreen.judging.cures: what answers to a loss is valid for the very recipe, is stronger, and ends."""

from typing import Any

import pytest
import yaml

from evergreen.judging.cures import FIELD_OF, cures, is_costly
from evergreen.judging.shortcuts import SHORTCUTS
from evergreen.recipe import load_recipe
from evergreen.recipe_files import RECIPES
from evergreen.sections.augment import Augment
from evergreen.sections.background import Background
from evergreen.sections.data import Image

NAMES = sorted(path.stem for path in RECIPES.glob("*.yaml"))
SMALL = Image(height=16, width=24)
ON = [
    [], ["augment={magnitude: 0.15}"], ["augment={rand_augment: {}}"], ["augment={brightness: [0.9, 1.5], blur: 0.001}"]
]  # fmt: skip
HERE = list(FIELD_OF)


def row(name: str, lost: float | None = 0.3, leans: bool = True) -> dict[str, Any]:
    """Return one change of the table of shortcuts."""
    measured = {"lost": lost, "lost_low": lost and lost - 0.05, "lost_high": lost and lost + 0.05}
    return {"name": name, "leans_on": "it" if leans else "", "accuracy": lost and 1 - lost, **measured}


def _pairs(changes: list[dict[str, Any]], augment: Augment, **more: Any) -> list[str]:
    return [pair for one in cures(changes, augment, augment, SMALL, **more) for pair in one.sets]


def test_every_change_of_the_table_has_a_field() -> None:
    assert {one.name for one in SHORTCUTS} <= FIELD_OF.keys()


@pytest.mark.parametrize("on", ON, ids=str)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", HERE)
def test_what_is_set_is_valid_for_every_recipe_goes_further_each_time_and_ends(
    name: str, change: str, on: list[str]
) -> None:
    typed, seen = list(on), []
    for _ in range(3):
        recipe = load_recipe(name, typed)
        found = cures([row(change)], recipe.augment, recipe.augment, recipe.image)
        assert [one.changes for one in found] == [(change,)]
        seen.append(found[0])
        if not found[0].sets:
            break
        typed += found[0].sets
        assert load_recipe(name, typed) != recipe
    assert [bool(one.sets) for one in seen] == [True, True, False]
    assert f"{change} costs 30.0 points (25.0 to 35.0)" in seen[0].why
    assert "did not suffice" in seen[1].why
    assert "already, and more of it is not tried" in seen[2].why


def test_they_reach_twice_as_far_as_what_the_model_is_judged_by() -> None:
    assert _pairs([row("noise")], Augment()) == ["augment.noise=40"]
    assert _pairs([row("noise")], Augment(noise=40)) == ["augment.noise=80"]
    assert _pairs([row("grey")], Augment(grey=0.1)) == ["augment.grey=0.3"]
    assert _pairs([row("jpeg")], Augment(jpeg=60)) == ["augment.jpeg=10"]
    assert _pairs([row("blur")], Augment()) == ["augment.blur=0.1"]  # 0.8 pixels of 16, twice
    large = Image(height=320, width=640)
    assert cures([row("blur")], Augment(), Augment(), large)[0].sets == ("augment.blur=0.032",)
    tiny = Image(height=8, width=8)
    most = cures([row("blur")], Augment(), Augment(), tiny)[0].sets
    assert most == ("augment.blur=0.2",)
    assert cures([row("blur")], Augment(blur=0.25), Augment(blur=0.25), tiny)[0].sets == ()


def test_a_range_is_widened_and_two_changes_of_one_field_are_one_cure() -> None:
    found = cures([row("darker"), row("blur"), row("brighter", 0.1)], Augment(), Augment(), SMALL)
    assert [(one.field, one.changes) for one in found] == [("brightness", ("darker", "brighter")), ("blur", ("blur",))]
    assert found[0].sets == ("augment.brightness=[0.6, 1.4]",)
    assert found[0].why == "darker costs 30.0 points (25.0 to 35.0), brighter costs 10.0 points (5.0 to 15.0)"
    assert _pairs([row("darker")], Augment(brightness=(0.8, 1.6))) == ["augment.brightness=[0.6, 1.6]"]
    assert _pairs([row("darker")], Augment(brightness=(0.3, 1.2))) == ["augment.brightness=[0.3, 1.4]"]
    assert _pairs([row("darker")], Augment(brightness=(0.5, 1.5))) == ["augment.brightness=[0.4, 1.8]"]
    assert _pairs([row("darker")], Augment(brightness=(0.1, 3))) == []


def test_backgrounds_are_one_cure_and_are_replaced_more_often_each_time() -> None:
    losses = [row(name) for name in ("plain background", "busy background", "photo background")]

    off, on, most = Augment(), *(Augment(background=Background(replace=share)) for share in (0.5, 0.9))
    (first,) = cures(losses, off, off, SMALL)
    path, _, value = first.sets[0].partition("=")
    assert (path, yaml.safe_load(value)) == ("augment.background", {"replace": 0.5})
    assert first.changes == ("plain background", "busy background", "photo background")
    (second,) = cures(losses, on, on, SMALL)
    assert second.sets == ("augment.background.replace=0.8",)
    assert second.why.endswith("; augment.background.replace 0.5 did not suffice")
    assert cures(losses, most, most, SMALL)[0].sets == ()


def test_a_magnitude_is_replaced_by_what_it_stands_for_and_only_brightness_is_another() -> None:
    typed = ["augment={magnitude: 0.15, noise: 3, fill: reflect}"]
    augment = load_recipe("digits", typed).augment
    pairs = _pairs([row("brighter")], augment)
    from evergreen.images.augment import expanded

    assert load_recipe("digits", [*typed, *pairs]).augment == expanded(augment).model_copy(
        update={"brightness": (0.6, 1.4)}
    )
    assert _pairs([row("noise")], augment) == ["augment.noise=40"]  # stands beside a magnitude
    strong = Augment(magnitude=0.45)
    assert _pairs([row("darker")], strong)[-1] == "augment.brightness=[0.4, 1.8]"
    assert _pairs([row("darker")], Augment(magnitude=0))[-1] == "augment.brightness=[0.6, 1.4]"


def test_only_what_surely_costs_over_5_points_or_more_than_the_gate_allows() -> None:
    changes = [row("noise", 0.04, leans=False), row("grey", None, leans=False), row("jpeg", 0.2)]
    assert _pairs(changes, Augment()) == ["augment.jpeg=10"]
    assert _pairs(changes, Augment(), most=0.03) == ["augment.noise=40", "augment.jpeg=10"]
    assert not is_costly(changes[1], 0)
    assert cures([], Augment(), Augment(), SMALL) == []
    assert cures([row("a change that nobody knows")], Augment(), Augment(), SMALL) == []


def test_what_the_recipe_says_since_is_not_set_again() -> None:
    found = cures([row("noise")], Augment(), Augment(noise=50), SMALL)
    assert (found[0].sets, found[0].further) == ((), False)
    assert found[0].why.endswith("; the recipe says augment.noise 50 since")
    # Another that was on when it lost is not enough, though the recipe says it still.
    assert cures([row("noise")], Augment(noise=50), Augment(noise=50), SMALL)[0].sets == ("augment.noise=80",)


def test_what_cured_an_earlier_run_stays_on() -> None:
    cured = Augment(noise=40, brightness=(0.6, 1.4))
    both = cures([row("grey")], cured, Augment(magnitude=0.1), SMALL, kept=["noise", "brightness"])
    pairs = [pair for one in both for pair in one.sets]
    assert pairs[:2] == ["augment.grey=0.3", "augment.noise=40"]
    assert pairs[-1] == "augment.brightness=[0.6, 1.4]"
    assert [one.further for one in both] == [True, False, False]
    assert cures([], cured, cured, SMALL, kept=["noise"]) == []  # the recipe says it by now
    strong = Augment(noise=80)  # and where nothing more is tried, it stays as strong as it was
    spent = cures([row("noise")], strong, Augment(), SMALL, kept=["noise"])
    assert [(one.sets, one.further) for one in spent] == [(("augment.noise=80",), False)]
