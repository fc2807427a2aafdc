"""evergreen.vision.diagnose: what images are compared by, which are judged, and what is said where that is not all."""

from dataclasses import replace
from typing import Any

import keras
import pandas as pd
import pytest
from tiny_training import CLASSES, Trained

from evergreen.diagnosing.diagnosis import Diagnosis, Labelled
from evergreen.errors import WeightsUnavailable
from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision import diagnose as module
from evergreen.vision.training.features import Features
from runs.keys import only

TINY = ("image={height: 8, width: 8}", "screen.near_duplicate_bits=0")


def _labelled(trained: Trained) -> Labelled:
    """Return the table, where the first dark picture of the test split is called red."""
    table = trained.table.assign(pixels=trained.table["sha256"], phash="")
    table.loc[table.index[(table["label"] == "dark") & (table["split"] == "test")][0], "label"] = "red"
    none = table.head(0)
    return Labelled(table, none, none.assign(group=[]), none.assign(reason=[]), 0)


def _diagnose(trained: Trained, recipe: Recipe, said: list[str] | None = None, **changes: Any) -> Diagnosis:
    given = replace(_labelled(trained), **changes)
    recipe = only(recipe, BY_NAME["diagnose"].recipe)  # reading another section raises
    return module.diagnose(given, trained.images, CLASSES, recipe, (said if said is not None else []).append)


def test_a_small_cnn_is_judged_by_pixels_without_tensorflow(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.runtime, "start", lambda *_: pytest.fail("TensorFlow has no part in it"))
    found = _diagnose(trained, load_recipe("digits", list(TINY)))
    assert found.facts["probabilities"]["features"] == "the colours of 8x8 pixels"
    first = found.suspects.iloc[0]
    assert (first["kind"], first["label"], first["suggested"]) == ("label_error", "red", "dark")
    assert found.facts["counts"]["label_error"] == 1
    assert (found.facts["judged"], found.facts["of"]) == (72, 72)


def test_some_of_very_many_training_images_are_judged_and_it_is_said(trained: Trained) -> None:
    found = _diagnose(trained, load_recipe("digits", [*TINY, "diagnose.images=12"]))
    assert found.facts["by_split"] == {"test": 18, "train": 12, "validation": 12}
    assert found.facts["not_judged"] == [
        "30 training images: diagnose.images is how many are judged (evergreen doctor --all: all)"
    ]


def test_nobody_judges_where_that_is_asked_for(trained: Trained) -> None:
    found = _diagnose(trained, load_recipe("digits", ["diagnose.enabled=false"]))
    assert found.facts["words"] == "No label was judged: diagnose.enabled is false."


LITE = ("train.backbone=EfficientNetLite0", "train.cnn=[]")


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((), None),
        (("image={height: 64, width: 80}",), ("EfficientNetLite0", "imagenet", 96)),
        (("diagnose.features=EfficientNetLite0",), ("EfficientNetLite0", "imagenet", 96)),
        ((*LITE, "train.backbone=MobileNetV2"), ("MobileNetV2", "imagenet", 224)),
        ((*LITE, "train.weights=none"), ("EfficientNetLite0", "imagenet", 224)),
        ((*LITE, "train.weights=none", *TINY), None),
        ((*LITE, "diagnose.features=pixels"), None),
        ((*LITE, "train.weights=own.h5"), ("EfficientNetLite0", "own.h5", 224)),
    ],
)
def test_who_looks_at_the_images(overrides: tuple[str, ...], expected: tuple[str, str, int] | None) -> None:
    network = module.network_of(load_recipe("digits", list(overrides)))
    assert (network and (*network[:2], network[2].height)) == expected
    assert network is None or network[2].height == network[2].width  # each side is enlarged where it is small


def test_a_network_that_never_saw_the_labels_looks_at_enlarged_pictures(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def frozen(backbone: str, weights: str, image: Any, images: Any) -> Features:
        asked.append((backbone, weights, image.height, image.width))
        inputs = keras.Input((image.height, image.width, 3))
        return Features(keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs)), None, "simple")

    monkeypatch.setattr(module, "frozen", frozen)
    found = _diagnose(trained, load_recipe("digits", [*TINY, "diagnose.features=EfficientNetLite0"]))
    assert asked == [("EfficientNetLite0", "imagenet", 96, 96)]
    assert found.facts["probabilities"]["features"].startswith("features of EfficientNetLite0 with imagenet weights")
    assert found.suspects.iloc[0]["suggested"] == "dark"


def test_weights_of_ones_own_may_have_seen_the_labels_and_missing_ones_leave_pixels(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: Any) -> Features:
        raise WeightsUnavailable("no network")

    monkeypatch.setattr(module, "frozen", missing)
    said: list[str] = []
    found = _diagnose(trained, load_recipe("digits", [*LITE, "image={height: 8, width: 8}"]), said)
    assert said == found.facts["notes"] == ["diagnose: by pixels, since no network"]
    assert found.facts["probabilities"]["features"] == "the colours of 8x8 pixels"


def test_one_class_alone_is_said(trained: Trained) -> None:
    table = _labelled(trained).dataset
    found = _diagnose(trained, load_recipe("digits", list(TINY)), dataset=table[table["label"] == "bright"])
    assert "found 1" in found.facts["why"]
    assert isinstance(found.suspects, pd.DataFrame)
