"""evergreen.vision.networks.convolutions: folded batch norms and gradients by columns are Keras' own, to rounding."""

from typing import Any

import keras
import numpy as np
import pytest
from graph_step import graph_step

from evergreen.vision.networks import batch_norm, convolutions, runtime

IMAGES = np.random.default_rng(0).normal(size=(3, 13, 12, 4)).astype(np.float32)


def _network(frozen: bool = True, **depthwise: Any) -> Any:
    """Return an expansion, a wide depthwise convolution and a projection, each with its batch norm, as in a block."""
    runtime.start(3)
    options = {"kernel_size": 5, "padding": "same", "use_bias": False, "name": "depthwise"} | depthwise
    inputs = keras.Input(IMAGES.shape[1:])
    x = inputs
    for layer in (
        keras.layers.Conv2D(6, 1, use_bias=False, name="expand"),
        keras.layers.DepthwiseConv2D(**options),
        keras.layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="project"),
    ):
        x = layer(x)
        x = keras.layers.BatchNormalization(
            name=f"{layer.name}_norm", trainable=not frozen, scale=layer.name != "expand"
        )(x)
        x = keras.layers.ReLU(6.0)(x)
    model = keras.Model(inputs, x)
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(0.2, 0.4, weight.shape) for weight in model.weights])
    for norm in batch_norm.layers_of(model):
        norm.moving_variance.assign(rng.uniform(0.5, 2, norm.moving_variance.shape))
    return model


def _step(model: Any, training: bool = True) -> tuple[list[np.ndarray], list[str]]:
    """Return outputs, gradients of the input and of what learns, and the operations of the graph."""
    return graph_step(model, IMAGES, lambda outputs: outputs**2, training)


def _same(found: list[np.ndarray], expected: list[np.ndarray]) -> None:
    assert len(found) == len(expected)
    for one, two in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-4 * float(np.abs(two).max()))


@pytest.mark.parametrize(
    "depthwise",
    [
        {},
        {"strides": 2},
        {"padding": "valid"},
        {"kernel_size": (3, 7)},
        {"kernel_size": (5, 4), "strides": 3},
        {"kernel_size": 3},
    ],
    ids=str,
)
@pytest.mark.parametrize("training", [True, False])
def test_frozen_norms_are_folded_and_outputs_and_gradients_are_keras_own(
    depthwise: dict[str, Any], training: bool
) -> None:
    ours, theirs = _network(**depthwise), _network(**depthwise)
    batch_norm.fuse(ours)
    (found, kernels), (expected, plain) = _step(ours, training), _step(theirs, training)
    _same(found, expected)
    assert all(float(np.abs(values).max()) > 0 for values in expected)
    # Each comes behind a convolution that learns.
    assert [norm.call.__func__ for norm in batch_norm.layers_of(ours)] == [batch_norm._call_folded] * 3
    assert kernels.count("BiasAdd") == 3
    assert "BiasAdd" not in plain


@pytest.mark.parametrize("strides", [1, 2])
def test_a_wide_kernel_learns_by_its_columns_where_norms_learn_too(strides: int) -> None:
    ours, theirs = _network(frozen=False, strides=strides), _network(frozen=False, strides=strides)
    batch_norm.fuse(ours)
    (found, kernels), (expected, plain) = _step(ours), _step(theirs)
    _same(found, expected)
    operation = "DepthwiseConv2dNativeBackpropFilter"
    assert (kernels.count(operation), plain.count(operation)) == (2, 1)  # columns 0 to 2, and 2 to 4 of which 2 are new


def test_what_stays_of_a_layer_is_its_bias_and_activation() -> None:
    ours, theirs = (_network(frozen=False, use_bias=True, activation="tanh") for _ in range(2))
    batch_norm.fuse(ours)
    _same(_step(ours)[0], _step(theirs)[0])


def test_another_phase_takes_a_fold_back() -> None:
    ours, theirs = _network(), _network()
    batch_norm.fuse(ours)
    for model in (ours, theirs):
        for norm in batch_norm.layers_of(model):
            norm.trainable = True
    batch_norm.fuse(ours)
    (found, kernels), (expected, _) = _step(ours), _step(theirs)
    _same(found, expected)
    assert kernels.count("FusedBatchNormV3") == 3
    assert "BiasAdd" not in kernels


def test_a_convolution_that_something_else_reads_too_keeps_its_numbers() -> None:
    def build() -> Any:
        runtime.start(3)
        inputs = keras.Input(IMAGES.shape[1:])
        x = keras.layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
        y = keras.layers.BatchNormalization(trainable=False)(x)
        return keras.Model(inputs, keras.layers.Add()([x, y]))

    ours, theirs = build(), build()
    for model in (ours, theirs):
        batch_norm.layers_of(model)[0].moving_variance.assign([4.0] * 4)
    batch_norm.fuse(ours)
    _same(_step(ours)[0], _step(theirs)[0])
    assert batch_norm.layers_of(ours)[0].call.__func__ is batch_norm._call_behind


@pytest.mark.parametrize(
    "settings",
    [{"use_bias": True}, {"activation": "relu"}, {"groups": 2}, {"dilation_rate": 2}, {"dtype": "mixed_float16"}],
    ids=str,
)
def test_other_convolutions_take_no_norm(settings: dict[str, Any]) -> None:
    inputs = keras.Input(IMAGES.shape[1:])
    given = {"use_bias": False} | settings
    outputs = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3, **given)(inputs))
    model = keras.Model(inputs, outputs)
    assert convolutions.before(model.layers) == {}


def test_most_norms_of_a_real_backbone_are_folded_and_it_answers_alike() -> None:
    runtime.start(1)
    model = keras.applications.EfficientNetB0(input_shape=(64, 64, 3), include_top=False, weights=None)
    images = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)
    expected = np.asarray(model(images, training=False))
    for norm in batch_norm.layers_of(model):
        norm.trainable = False
    batch_norm.fuse(model)
    folded = [norm for norm in batch_norm.layers_of(model) if norm.call.__func__ is batch_norm._call_folded]
    assert len(folded) == len(batch_norm.layers_of(model)) == 49
    np.testing.assert_allclose(np.asarray(model(images, training=False)), expected, atol=1e-4)
