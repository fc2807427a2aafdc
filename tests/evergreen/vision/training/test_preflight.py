"""evergreen.vision.training.preflight: what would only be seen after hours is found before the first epoch."""

from typing import Any

import numpy as np
import pytest

from evergreen.errors import PreflightFailed
from evergreen.images.rows import Rows
from evergreen.recipe import load_recipe
from evergreen.vision.networks import build, runtime
from evergreen.vision.training import preflight
from evergreen.vision.training.batches import Side

RECIPE = load_recipe("digits", ["image={height: 8, width: 8}", "train.cnn=[{filters: 4}]"])

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)


def _side(images: np.ndarray = IMAGES) -> Side:
    labels = np.eye(3, dtype=np.float32)[np.arange(40) % 3]
    return Side(Rows.of(images), labels, np.ones(40, np.float32), [bytes([number]) * 32 for number in range(40)])


def _model(classes: int = 3) -> Any:
    runtime.start(1)
    return build.build(RECIPE.train, RECIPE.image, classes)


def test_a_sound_start_passes() -> None:
    preflight.check(_model(), _side(), RECIPE.train)


def test_labels_that_do_not_fit_are_found() -> None:
    with pytest.raises(PreflightFailed, match="expected 4 classes, the labels have 3"):
        preflight.check(_model(4), _side(), RECIPE.train)


def test_pixels_that_are_scaled_already_are_found() -> None:
    with pytest.raises(PreflightFailed, match="preprocessing is inside the model"):
        preflight.check(_model(), _side((IMAGES / 255).astype(np.float32)), RECIPE.train)


def test_weights_that_are_no_numbers_are_found() -> None:
    model = _model()
    model.layers[-1].set_weights([np.full_like(weight, np.nan) for weight in model.layers[-1].get_weights()])
    with pytest.raises(PreflightFailed, match="are its weights whole"):
        preflight.check(model, _side(), RECIPE.train)


def test_a_network_that_cannot_learn_is_found() -> None:
    model = _model()
    for layer in model.layers:
        layer.trainable = False
    with pytest.raises(PreflightFailed, match="no layer of the network learns"):
        preflight.check(model, _side(), RECIPE.train)


def test_a_loss_that_does_not_fall_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_RATE", 0.0)
    recipe = load_recipe("digits", ["image={height: 8, width: 8}", "train.cnn=[{filters: 4}]", "train.head={}"])
    with pytest.raises(PreflightFailed, match="nothing is learned like this"):
        preflight.check(build.build(recipe.train, recipe.image, 3), _side(), recipe.train)


def test_a_network_that_passes_is_as_it_was_before() -> None:
    train = load_recipe("digits", ["train.head={pooling: average, dropout: 0.5}", "train.cnn=[{filters: 4}]"]).train
    runtime.start(1)
    model = build.build(train, RECIPE.image, 3)
    whole = [*model.weights, *runtime.seeds(model)]
    before = [np.array(variable).tobytes() for variable in whole]
    assert len(before) > len(model.weights)
    preflight.check(model, _side(), train)
    assert [np.array(variable).tobytes() for variable in whole] == before
