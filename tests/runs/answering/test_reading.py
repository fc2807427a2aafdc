"""runs.answering.reading: a model's pictures are read by what its own recipe said, and what it left to defaults."""

from typing import Any

from releases import leave_record

from evergreen.recipe import load_recipe
from evergreen.sections.data import Screen
from evergreen.steps import BY_NAME
from runs.answering.reading import screen_of
from runs.keys import key_parts
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store


def _screened(store: Store, *overrides: str, finished: str = "2026-01-01", **said: Any) -> str:
    """Publish what screen and split gave for a recipe, and their records; return what split gave."""
    repaired, screened = store.publish("dataset", {"dataset.csv": b"repaired"}), store.publish("dataset", {"a": b"s"})
    divided = store.publish("dataset", {"dataset.csv": b"split"})
    parts = key_parts(BY_NAME["screen"], load_recipe("digits", overrides), store, {"dataset": repaired})
    recipe = {"screen": {**parts.recipe.get("screen", {}), **said}}
    parts = KeyParts(parts.step, parts.format, parts.inputs, recipe, parts.code, parts.libraries)
    leave_record(store, parts, screened, finished=finished)
    other = KeyParts("split", 1, {"screen": screened.sha256}, {}, {}, {})
    leave_record(store, other, divided, inputs={"screen": screened.sha256})
    return divided.sha256


def _model(store: Store, **facts: Any) -> Ref:
    return store.publish("model", {"model.keras": b"m"}, facts)


def test_the_limit_is_that_of_the_recipe_and_the_range_that_of_the_model(store: Store) -> None:
    model = _model(store, range=[0, 4095]).sha256
    divided = _screened(store, "screen.max_megapixels=20", "screen.range=[0, 9]", "screen.seconds_per_image=5")
    found = screen_of(store, model, divided)
    assert (found.max_megapixels, found.seconds_per_image, found.range) == (20, 5, (0, 4095))
    _screened(store, "screen.max_megapixels=300", finished="2026-02-01")
    assert screen_of(store, model, divided).max_megapixels == 300


def test_what_nobody_said_has_its_present_default(store: Store) -> None:
    model = _model(store).sha256
    for dataset in (None, "ab" * 32, _screened(store, gone=3)):
        assert screen_of(store, model, dataset) == Screen()
