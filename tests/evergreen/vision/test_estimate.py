"""evergreen.vision.estimate: minutes from a few measured steps."""

from itertools import count
from typing import Any

import pytest

from evergreen.recipe import load_recipe
from evergreen.vision import estimate as module
from evergreen.vision.estimate import Estimate, estimate

COUNTS = {"train": 640, "validation": 100, "test": 50}


@pytest.fixture(autouse=True)
def a_second_each(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Each measured piece of work is done once, takes a second, and half a second longer the first time."""
    done: list[int] = []

    def second(work: Any) -> tuple[float, float]:
        work()
        done.append(1)
        return 0.5, 1.0

    monkeypatch.setattr(module, "_measured", second)
    clock = count(step=3)
    monkeypatch.setattr(module.time, "perf_counter", lambda: next(clock))  # a network is built in three
    return done


def test_steps_of_a_plain_cnn_are_multiplied() -> None:
    phase = "{epochs: 3, batch: 32}"
    recipe = load_recipe("digits", [f"train.phases=[{phase}]", "evaluate.shortcut_images=10", "evaluate.folds=2"])
    found = estimate(recipe, COUNTS, 10)
    assert found.parts["phase 1"] == 3 * (20 + 100 / 64), "twenty steps, and validation in batches of 64"
    assert found.parts["preparation"] == 4 * 3 + 2 * (0.5 + 0.5), "four networks, and the graphs of a step and a look"
    assert recipe.export.formats[-1] == "tfjs"
    one = (len(recipe.export.formats) - 1) * 4
    assert found.parts["exports"] == len(recipe.export.formats) * (4 * 0.5 + 2 * 3) + 50 * (one + 20) / 64
    assert found.parts["evaluation"] == (790 + 9 * 10 + 50) / 64, "nothing is probed of a cnn"
    assert found.parts["diagnosis"] == 0, "of so small pictures the pixels are compared"
    assert found.folds == 2 * (found.parts["phase 1"] + found.parts["preparation"])
    assert found.seconds == sum(found.parts.values()) + found.folds


def test_frozen_phases_cost_their_features_once(a_second_each: list[int]) -> None:
    phases = "train.phases=[{unfreeze: none, epochs: 9}, {unfreeze: 5, epochs: 1, batch: 64, batch_norm: frozen}]"
    tiny = ["train.backbone=EfficientNetLite0", "image={height: 32, width: 32}", "train.weights=none"]
    found = estimate(load_recipe("digits", [*tiny, phases, "train.views=3"]), COUNTS, 10)
    assert found.parts["features"] == (3 * 640 + 100) / 64
    assert found.parts["phase 2"] == 10 + 100 / 64
    assert "phase 1" not in found.parts
    assert found.parts["diagnosis"] == 0
    assert len(a_second_each) == 4


def test_a_plain_cnn_of_photos_is_diagnosed_by_a_pass_of_another_network(a_second_each: list[int]) -> None:
    settings = ["image={height: 64, width: 64}", "train.phases=[{epochs: 1}]", "diagnose.images=600"]
    found = estimate(load_recipe("digits", settings), COUNTS, 10)
    assert found.parts["diagnosis"] == 0.5 + (600 + 100 + 50) / 64
    off = estimate(load_recipe("digits", [*settings, "diagnose.enabled=false"]), COUNTS, 10)
    assert off.parts["diagnosis"] == 0


@pytest.mark.parametrize(
    ("settings", "passes"),
    [
        (["train.phases=[{unfreeze: 5, epochs: 1}]"], 0),
        (["train.phases=[{unfreeze: 5, epochs: 1}]", "evaluate.baseline_images=400"], 640 - 400),
        (["train.phases=[{unfreeze: 5, epochs: 1}]", "evaluate.baseline_images=0"], 790),
        (["train.phases=[{unfreeze: none, epochs: 1}]", "augment={}", "evaluate.baseline_images=0"], 0),
    ],
)
def test_features_that_baseline_or_training_kept_are_diagnosed_for_nothing(settings: list[str], passes: int) -> None:
    recipe = load_recipe("digits", ["train.backbone=EfficientNetLite0", *settings])
    assert module._diagnosed(recipe, COUNTS, 1.0) == passes


@pytest.mark.parametrize(
    ("settings", "passes"),
    [
        (["train.phases=[{unfreeze: 5, epochs: 1}]"], 790 + 640 + 2 * 150),
        (["train.phases=[{unfreeze: none, epochs: 1}]", "augment.rotation=5"], 690 + 150),
        (["train.phases=[{unfreeze: none, epochs: 1}]", "augment={}"], 50 + 150),
        (["train.phases=[{unfreeze: none, epochs: 1}]", "augment={}", "evaluate.baseline_images=0"], 50),
    ],
)
def test_images_whose_features_a_frozen_backbone_keeps_are_evaluated_for_nothing(
    settings: list[str], passes: int
) -> None:
    recipe = load_recipe("digits", ["train.backbone=EfficientNetLite0", *settings])
    assert module._evaluated(recipe, COUNTS) == passes


def test_seconds_are_those_of_all_parts() -> None:
    assert Estimate({"phase 1": 1.5, "the rest": 2.0}, 3.0).seconds == 6.5
