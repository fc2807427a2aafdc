"""runs.estimates: a plan takes as long as its steps did, a training as its epochs; what nobody knows is said."""

import pytest
from releases import leave_record

from evergreen.recipe import load_recipe
from runs.estimates import estimate, seconds_of_training
from runs.run import Entry
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import Record
from storage.store import Store

PLAN = [Entry("split", "reused", "nothing changed"), Entry("train", "would run", "x"), Entry("export", "unknown", "x")]


def _took(store: Store, step: str, seconds: float, day: int, recipe: str = "digits", epochs: int = 25) -> None:
    output = store.publish(step, {"file": step.encode()})
    settings = {"train": {"phases": [{"epochs": epochs}]}}
    parts = KeyParts(step, 1, {}, {"day": day, "recipe": recipe}, {}, {})
    finished = f"2026-01-0{day}T00:00:00+00:00"
    leave_record(store, parts, output, seconds=seconds, recipe=recipe, finished=finished, settings=settings)


def test_the_newest_records_of_the_recipe_are_asked(store: Store) -> None:
    for step, seconds, day in (("split", 5, 1), ("train", 900, 1), ("train", 300, 2), ("export", 60, 1)):
        _took(store, step, seconds, day)
    _took(store, "train", 9000, 3, recipe="other")
    found = estimate(PLAN, load_recipe("digits"), store)
    assert found.seconds == {"split": 0.0, "train": 300.0, "export": 60.0}
    assert found.minutes == 6.0
    assert found.in_words().startswith("about 6.0 minutes, if all that is not reused runs")


@pytest.mark.parametrize("step", ["train", "fold 2"])
def test_a_training_takes_as_long_as_its_epochs_and_a_fold_as_the_training(store: Store, step: str) -> None:
    _took(store, "train", 300, 1, epochs=50)
    found = estimate([Entry(step, "would run", "x")], load_recipe("digits"), store)
    assert found.seconds == {step: 150.0}  # 25 epochs


def test_what_never_ran_is_not_known(store: Store) -> None:
    found = estimate(PLAN, load_recipe("digits"), store)
    assert (found.seconds, found.minutes) == ({"split": 0.0, "train": None, "export": None}, None)
    assert found.in_words() == "not known: what never ran for this recipe in this store (train, export)"
    _took(store, "export", 90, 1)
    found = estimate(PLAN, load_recipe("digits"), store)
    assert found.minutes is None
    assert found.in_words() == (
        "1.5 minutes and what is not known: what never ran for this recipe in this store (train)"
    )


def _trained(seconds: float, *overrides: str, recipe: str = "tsel", step: str = "train") -> Record:
    settings = load_recipe("tsel", overrides).sections(["train", "image"])
    return Record(step, "0" * 64, Ref("model", "0" * 64, 1), {}, recipe, "run", seconds, "", settings)


def test_a_training_lasts_as_the_median_of_those_that_are_nearest() -> None:
    recipe, wanted = load_recipe("tsel"), seconds_of_training
    assert wanted(recipe, [_trained(5, recipe="other"), _trained(5, step="fold 1")]) is None
    far = [_trained(1000, "train.backbone=ResNet50"), _trained(3000, "train.backbone=MobileNetV2")]
    assert wanted(recipe, far) == 2000
    same_network = [*far, _trained(700, "image.height=64")]
    assert wanted(recipe, same_network) == 700
    same_size = [*same_network, _trained(500, "train.phases.1.unfreeze=none")]
    assert wanted(recipe, same_size) == 500
    alike = [*same_size, _trained(90), _trained(100), _trained(60, "train.phases.1.epochs=12")]
    assert wanted(recipe, alike) == 90, "of 90, 100, and 60 for three quarters of the epochs"
