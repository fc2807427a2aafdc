"""evergreen.choosing.rules: which recipe is chosen for which dataset; every choice is a valid recipe."""

import dataclasses
from typing import Any

import pytest

from evergreen.choosing.facts import Facts
from evergreen.choosing.rules import PRESETS, TABLE, Choice, choose
from evergreen.recipe import parse_recipe

PHOTOS = Facts({"cat": 1300, "dog": 1221}, 512, 384, (1.33, 1.33), 0.0, frozenset(), False, 2)


def _facts(**changed: Any) -> Facts:
    return dataclasses.replace(PHOTOS, **changed)


def _even(images: int, classes: int = 2) -> dict[str, int]:
    return {f"kind of {number}th": images // classes for number in range(classes)}


def _decided(choice: Choice, topic: str) -> str:
    return next(rule.then for rule in choice.rules if rule.topic == topic)


@pytest.mark.parametrize(
    ("changed", "preset", "network", "sides"),
    [
        ({}, "default", "EfficientNetLite0", 224),
        ({"counts": _even(540)}, "default", "EfficientNetLite1", 240),
        ({"width": 100, "height": 80}, "default", "EfficientNetLite0", 160),
        ({}, "fast", "EfficientNetLite0", 224),
        ({}, "best", "EfficientNetLite0", 224),
        ({"counts": _even(200_000)}, "default", "EfficientNetLite0", 224),
        ({"counts": _even(60_000, 10), "width": 32, "height": 32}, "default", "cnn", 32),
        ({"counts": _even(60_000, 10), "width": 28, "height": 28, "grey": 1.0}, "default", "cnn", 32),
        ({"counts": _even(1_797, 10), "width": 8, "height": 8, "grey": 1.0}, "default", "cnn", 16),
        ({"counts": _even(900), "width": 64, "height": 48}, "fast", "cnn", 64),
    ],
)
def test_the_network_and_its_size(changed: dict[str, Any], preset: str, network: str, sides: int) -> None:
    values = choose(_facts(**changed), preset).values
    assert values["train"]["backbone"] == network
    assert (values["image"]["height"], values["image"]["width"]) == (sides, sides)


def test_many_small_pictures_in_colour_get_the_short_recipe_and_grey_ones_do_not() -> None:
    small = {"counts": _even(60_000, 10), "width": 32, "height": 32}
    short = choose(_facts(**small)).values
    assert short["train"]["cnn"][0]["whiten"]
    assert short["augment"]["horizontal_flip"] == "alternate"
    grey = choose(_facts(**small, grey=1.0)).values
    assert [set(block) for block in grey["train"]["cnn"]] == [{"filters"}] * 3


def test_more_photos_get_fewer_epochs() -> None:
    def epochs(images: int) -> list[int]:
        return [phase["epochs"] for phase in choose(_facts(counts=_even(images))).values["train"]["phases"]]

    few, many, most = epochs(2_000), epochs(12_000), epochs(100_000)
    assert all(less < more for less, more in zip(many, few, strict=True))
    assert most == [3, 3]


def test_too_many_photos_for_the_processors_stay_frozen() -> None:
    def unfrozen(processors: int) -> list[Any]:
        choice = choose(_facts(counts=_even(150_000), processors=processors))
        return [phase["unfreeze"] for phase in choice.values["train"]["phases"]]

    assert unfrozen(2) == ["none"]
    assert unfrozen(3) == ["none", 107]


def test_many_classes_are_judged_by_five() -> None:
    assert choose(_facts(counts=_even(4_000, 20))).values["evaluate"] == {"top_k": 5}
    assert choose(_facts(counts=_even(4_000, 20)), "best").values["evaluate"] == {"top_k": 5, "folds": 5}
    assert "evaluate" not in choose(PHOTOS).values


def test_few_images_are_judged_in_folds() -> None:
    few = _facts(counts=_even(40))
    assert choose(few).values["evaluate"] == {"folds": 5}
    assert "A test of 8 images says little" in choose(few).comments["folds"]
    assert "folds" not in choose(few, "fast").values["evaluate"]


@pytest.mark.parametrize(
    ("aspects", "resize"), [((1.33, 1.34), "squash"), ((0.75, 1.5), "squash"), ((0.4, 2.1), "pad"), ((1, 1), "squash")]
)
def test_aspect_ratios_decide_how_images_are_resized(aspects: tuple[float, float], resize: str) -> None:
    choice = choose(_facts(aspects=aspects))
    assert choice.values["image"]["resize"] == resize
    assert ("resize" in choice.comments) == (aspects[1] / aspects[0] > 1.25)


def test_flips_are_off_where_names_say_sides_and_the_comment_names_them() -> None:
    choice = choose(_facts(counts={"turn left": 100, "turn right": 100, "stop": 100}))
    assert "horizontal_flip" not in choice.values["augment"]
    assert "turn left, turn right" in choice.comments["flip"]
    assert choose(PHOTOS).values["augment"]["horizontal_flip"] is True


def test_balance_split_groups_gate_and_presets() -> None:
    assert choose(_facts(counts={"cat": 300, "dog": 200})).values["balance"] == {"weights": "balanced"}
    assert "balance" not in choose(PHOTOS).values
    assert choose(_facts(subsets=frozenset({"train", "test"}))).values["split"] == {"method": "predefined"}
    assert "split" not in choose(_facts(subsets=frozenset({"test"}))).values, "without a train folder it is a class"
    assert choose(_facts(counts=_even(40))).values["split"]["method"] == "exact"
    assert "split" not in choose(PHOTOS).values, "stable is the default"
    assert "split.group: [folder]" in choose(_facts(grouped=True)).comments["groups"]
    assert choose(PHOTOS).values["gate"] == {"max_class_drop": 0.1}
    assert "gate" not in choose(_facts(counts=_even(400))).values
    best, fast = choose(PHOTOS, "best").values, choose(PHOTOS, "fast").values
    assert best["evaluate"] == {"folds": 5}
    assert "teacher" in best["train"]
    assert best["train"]["views"] == max(phase["epochs"] for phase in best["train"]["phases"]), "as many as without one"
    few = _facts(counts=_even(500, 5))
    assert choose(few, "best").values["train"]["backbone"] == choose(few).values["train"]["backbone"]
    assert fast["export"]["formats"] == ["tflite-float32"]
    assert fast["evaluate"] == {"shortcut_images": 60, "baseline_images": 0}
    assert [phase["unfreeze"] for phase in fast["train"]["phases"]] == ["none"]
    assert (fast["augment"], fast["train"]["views"]) == ({}, 1), "each photo passes through the network once"
    assert choose(_facts(counts=_even(900), width=64, height=48), "fast").values["augment"], "a cnn sees no features"


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("side", [8, 28, 32, 64, 80, 384])
@pytest.mark.parametrize("images", [40, 700, 8_000, 300_000])
def test_every_choice_is_a_recipe_and_one_rule_of_each_topic_decided(images: int, side: int, preset: str) -> None:
    choice = choose(_facts(counts=_even(images), width=side, height=side), preset)
    assert [rule.topic for rule in choice.rules] == [rules[0].topic for rules in TABLE]
    values = {name: dict(section) for name, section in choice.values.items()}
    values["train"].pop("teacher", None)
    parse_recipe({"name": "mine", "source": {"local": {"path": "x"}}, **values}, "mine.yaml")


def test_the_last_rule_of_a_topic_always_holds_and_comments_leave_no_gap() -> None:
    for rules in TABLE:
        assert rules[-1].holds(PHOTOS, "default")
        assert all("{}" not in rule.comment(PHOTOS) for rule in rules)
        assert len({rule.topic for rule in rules}) == 1
