"""evergreen.vision.networks.blocks: the networks of airbench94 and ResNet-9 can be written, and are computed so."""

from typing import Any

import keras
import numpy as np
import pytest

from evergreen.recipe import load_recipe
from evergreen.sections.network import Block
from evergreen.vision.networks import blocks, build, runtime


def _model(settings: Block, shape: tuple[int, int, int] = (8, 8, 3)) -> Any:
    runtime.start(1)
    inputs = keras.Input(shape)
    return keras.Model(inputs, blocks.block(inputs, settings, "block1"))


def _names(model: Any) -> list[str]:
    return [layer.name.removeprefix("block1_") for layer in model.layers[1:]]


def test_the_network_of_airbench94() -> None:
    recipe = load_recipe("cifar10-fast")
    model = build.build(recipe.train, recipe.image, 10)
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert shapes["block1_conv1"] == (31, 31, 24)
    assert [shapes[f"block{number}_pool"] for number in (2, 3, 4)] == [(15, 15, 64), (7, 7, 256), (3, 3, 256)]
    # 12 x 24 fixed and 24 biases; six 3x3 convolutions; an offset and two moments a channel; 256 x 10.
    convolutions = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256)
    norms = 2 * (64 + 256 + 256)
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 24 + convolutions + norms + 2560
    assert sum(int(np.prod(w.shape)) for w in model.non_trainable_weights) == 12 * 24 + 2 * norms


def test_the_network_of_resnet9() -> None:
    plain = {"activation": "relu", "pool_position": "first"}
    cnn = [
        {"filters": 64, "pool": "none"},
        {"filters": 128, "convolutions": 3, "residual": True, **plain},
        {"filters": 256, **plain},
        {"filters": 512, "convolutions": 3, "residual": True, **plain},
    ]
    recipe = load_recipe("cifar10", [f"train.cnn={cnn}", "train.head={pooling: max, output_scale: 0.125}"])
    model = build.build(recipe.train, recipe.image, 10)
    assert [layer.output.shape[1:] for layer in model.layers if layer.name.endswith("_add")] == [
        (16, 16, 128),
        (4, 4, 512),
    ]
    # 6.57 million, as Page's, whose norms and output are counted alike.
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == 6_573_130


def test_a_branch_is_added_to_what_the_first_convolution_gives() -> None:
    model = _model(Block(filters=4, convolutions=2, residual=True, pool="none"))
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    first = keras.Model(model.inputs, model.get_layer("block1_relu1").output)
    model.get_layer("block1_conv2").kernel.assign(np.zeros((3, 3, 4, 4)))
    assert np.allclose(model(images), first(images))
    model.get_layer("block1_norm2").beta.assign(np.full(4, 2.0))
    assert np.allclose(model(images), np.asarray(first(images)) + 2)


def test_where_a_block_pools() -> None:
    assert _names(_model(Block(filters=4, convolutions=2))) == [
        "conv1", "norm1", "relu1", "conv2", "norm2", "relu2", "pool"
    ]  # fmt: skip
    first = _model(Block(filters=4, convolutions=2, pool_position="first", activation="gelu", dropout=0.1))
    assert _names(first) == ["conv1", "pool", "norm1", "gelu1", "conv2", "norm2", "gelu2", "dropout"]
    assert "pool" not in _names(_model(Block(filters=4, pool="none", pool_position="first")))


@pytest.mark.parametrize(("filters", "passed"), [(5, 3), (2, 2)])
def test_identity_filters_pass_on_what_comes(filters: int, passed: int) -> None:
    settings = Block(filters=filters, initialization="identity", batch_norm=False, activation="linear", pool="none")
    model = _model(settings)
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype(np.float32)
    outputs = np.asarray(model(images))
    assert np.array_equal(outputs[..., :passed], images[..., :passed])
    others = np.asarray(model.get_layer("block1_conv1").kernel)[..., passed:]
    limit = (1 / (9 * 3)) ** 0.5  # PyTorch's: 1 / root of the fan in
    assert (np.abs(others) <= limit).all()
    assert others.size == 0 or np.abs(others).max() > limit / 2


def test_a_norm_without_scale_and_with_a_short_memory() -> None:
    norm = _model(Block(filters=4, batch_norm_scale=False, batch_norm_momentum=0.6)).get_layer("block1_norm1")
    assert (norm.scale, norm.momentum, len(norm.trainable_weights)) == (False, 0.6, 1)


def test_a_valid_convolution_leaves_the_border_out() -> None:
    assert _model(Block(filters=4, kernel=3, padding="valid", pool="none")).output.shape[1:] == (6, 6, 4)
