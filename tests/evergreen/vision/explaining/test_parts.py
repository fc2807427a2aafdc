"""evergreen.vision.explaining.parts: every network that a recipe can build is cut behind its last feature map."""

from typing import Any, get_args

import numpy as np
import pytest

from evergreen.recipe import load_recipe
from evergreen.sections.network import Backbone
from evergreen.vision.explaining.grad_cam import grad_cam
from evergreen.vision.explaining.parts import parts_of
from evergreen.vision.networks import batch_norm, build, runtime

HEADS = (
    "{pooling: average}",
    "{pooling: max, dropout: 0.2, dense: [{units: 8, dropout: 0.1}]}",
    "{pooling: flatten, convolutions: [{filters: 8, batch_norm: trained}, {filters: 6, separable: true}]}",
    "{pooling: average, output_scale: 0.125, output_bias: false}",
)
QUICK = ("cnn", "EfficientNetLite0")
BLOCKS = (
    "[{filters: 8}, {filters: 12, dropout: 0.1}]",
    "[{filters: 8, pool_position: first}, {filters: 8, residual: true, convolutions: 2, pool: average}]",
)


def _built(*settings: str) -> Any:
    runtime.start(1)
    recipe = load_recipe("digits", ["image={height: 64, width: 96}", *settings])
    return build.build(recipe.train, recipe.image, 3)


def _explained_as_it_answers(model: Any) -> tuple[int, ...]:
    """Check that what is behind the map gives the model's own answers, and return the map's shape."""
    batch_norm.fuse(model)
    parts = parts_of(model)
    assert parts is not None
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
    maps = parts.trunk.predict_on_batch(images)
    logits = np.asarray(parts.logits(maps)).astype(np.float64)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert softmax == pytest.approx(model.predict_on_batch(images), abs=1e-4)
    heat = grad_cam(parts, images, np.arange(3))
    assert heat.shape == (3, 64, 96)
    assert np.isfinite(heat).all()
    return maps.shape[1:3]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("blocks", BLOCKS)
def test_a_plain_cnn_is_cut_before_the_pooling_that_ends_its_last_block(blocks: str, head: str) -> None:
    size = _explained_as_it_answers(_built(f"train.cnn={blocks}", f"train.head={head}"))
    assert size == ((16, 24) if "convolutions: [" in head else (32, 48))


@pytest.mark.parametrize(
    "backbone", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.soak) for name in get_args(Backbone)]
)
def test_every_backbone_is_cut_behind_it(backbone: str) -> None:
    head = HEADS[get_args(Backbone).index(backbone) % len(HEADS)]
    weights = ["train.weights=none"] if backbone != "cnn" else []
    size = _explained_as_it_answers(_built(f"train.backbone={backbone}", *weights, f"train.head={head}"))
    assert size == ((2, 3) if backbone != "cnn" else (32, 48))


def test_what_has_no_map_or_ends_otherwise_is_not_cut() -> None:
    import keras
    from keras import layers

    runtime.start(1)
    inputs = keras.Input((8, 8, 3))
    flat = layers.Flatten()(inputs)
    small = layers.Conv2D(4, 8)(inputs)  # one pixel
    wide = layers.Conv2D(4, 3)(inputs)
    pooled = layers.GlobalAveragePooling2D()(wide)
    softmax, sigmoid = layers.Dense(3, activation="softmax"), layers.Dense(3, activation="sigmoid")
    beside = layers.Concatenate()([pooled, flat])  # the answer goes past the map
    for output in (
        softmax(flat),
        layers.Dense(3, activation="softmax")(layers.Flatten()(small)),
        sigmoid(pooled),
        layers.Dense(3, activation="softmax")(beside),
    ):
        assert parts_of(keras.Model(inputs, output)) is None
    assert parts_of(keras.Model(inputs, layers.Dense(3, activation="softmax")(pooled))) is not None
