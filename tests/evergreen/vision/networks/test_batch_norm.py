"""evergreen.vision.networks.batch_norm: one kernel, and the same as Keras' own layer."""

from types import MethodType
from typing import Any

import keras
import numpy as np
import pytest
from graph_step import graph_step

from evergreen.vision.networks import batch_norm, runtime

IMAGES = np.random.default_rng(0).normal(3, 2, (8, 6, 5, 4)).astype(np.float32)
WEIGHTS = np.random.default_rng(1).normal(size=IMAGES.shape).astype(np.float32)


def _model(**settings: Any) -> Any:
    """Return a model of one batch norm, with weights that are not the first ones."""
    inputs = keras.Input(IMAGES.shape[1:])
    model = keras.Model(inputs, keras.layers.BatchNormalization(name="norm", **settings)(inputs))
    rng = np.random.default_rng(2)
    model.set_weights([rng.uniform(0.5, 2, weight.shape) for weight in model.weights])
    return model


def _step(model: Any, training: bool = True) -> tuple[list[np.ndarray], list[str]]:
    """Return outputs, gradients and all weights after one call, and the kernels that the graph is made of."""
    found, kernels = graph_step(model, IMAGES, lambda outputs: outputs * WEIGHTS, training)
    return [*found, *map(np.asarray, model.weights)], kernels


@pytest.mark.parametrize(
    "settings",
    [{}, {"momentum": 0.7, "epsilon": 1e-4}, {"scale": False}],
    ids=["defaults", "other settings", "without scale"],
)
def test_outputs_gradients_and_moving_averages_are_keras_own(settings: dict[str, Any]) -> None:
    ours, theirs = _model(**settings), _model(**settings)
    batch_norm.fuse(ours)
    (found, kernels), (expected, plain) = _step(ours), _step(theirs)
    assert ("FusedBatchNormV3" in kernels, "FusedBatchNormV3" in plain) == (True, False)
    assert len(found) == len(expected) == 8 - 2 * (settings.get("scale") is False)  # no gamma, nor its gradient
    for one, two in zip(found, expected, strict=True):
        assert np.allclose(one, two, rtol=1e-4, atol=2e-5)
    assert not np.allclose(ours.get_weights()[2], _model(**settings).get_weights()[2])


@pytest.mark.parametrize("training", [False, True])
def test_frozen_and_outside_training_the_moving_averages_normalize(training: bool) -> None:
    ours, theirs = _model(), _model()
    ours.get_layer("norm").trainable = theirs.get_layer("norm").trainable = not training
    before = ours.get_weights()
    batch_norm.fuse(ours)
    (found, kernels), (expected, plain) = _step(ours, training), _step(theirs, training)
    assert ("FusedBatchNormV3" in kernels, "FusedBatchNormV3" in plain) == (True, False)
    assert len(found) == len(expected)
    for one, two in zip(found, expected, strict=True):
        assert np.allclose(one, two, rtol=1e-4, atol=2e-5)
    assert all((one == other).all() for one, other in zip(ours.get_weights(), before, strict=True))


def test_a_frozen_one_behind_a_layer_that_learns_is_keras_layer_itself_while_training() -> None:
    def build() -> Any:
        runtime.start(3)
        inputs = keras.Input(IMAGES.shape[1:])
        outputs = keras.layers.BatchNormalization(name="first", trainable=False)(inputs)
        outputs = keras.layers.Conv2D(4, 1, name="learns")(outputs)
        return keras.Model(inputs, keras.layers.BatchNormalization(name="second", trainable=False)(outputs))

    ours, theirs = build(), build()
    batch_norm.fuse(ours)
    (found, kernels), (expected, _) = _step(ours), _step(theirs)
    assert kernels.count("FusedBatchNormV3") == 1
    assert "FusedBatchNormV3" not in _step(theirs)[1]
    for one, two in zip(found, expected, strict=True):
        assert np.allclose(one, two, rtol=1e-4, atol=2e-5)
    assert _step(ours, training=False)[1].count("FusedBatchNormV3") == 2
    ours.get_layer("learns").trainable = False
    batch_norm.fuse(ours)  # another phase
    assert _step(ours)[1].count("FusedBatchNormV3") == 2


@pytest.mark.parametrize(
    "settings",
    [{"center": False}, {"axis": 1}, {"epsilon": 1e-6}, {"dtype": "mixed_float16"}],
    ids=str,
)
def test_what_the_kernel_cannot_do_stays_as_it_is(settings: dict[str, Any]) -> None:
    model = _model(**settings)
    batch_norm.fuse(model)
    assert model.get_layer("norm").call.__func__ is keras.layers.BatchNormalization.call


def test_every_batch_norm_of_a_network_is_fused_and_its_weights_and_configuration_stay() -> None:
    inputs = keras.Input((32, 32, 3))
    inner = keras.applications.MobileNetV2(input_shape=(32, 32, 3), include_top=False, weights=None)
    model = keras.Model(inputs, inner(inputs))
    before = model.get_config(), [weight.path for weight in model.weights]
    batch_norm.fuse(model)
    norms = batch_norm.layers_of(model)
    assert norms == [layer for layer in inner.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(norms) == 52
    assert all(isinstance(norm.call, MethodType) and norm.call.__func__ is batch_norm._call for norm in norms)
    assert before == (model.get_config(), [weight.path for weight in model.weights])


def test_moments_are_measured_anew_as_their_mean_over_the_batches_unless_frozen() -> None:
    model = _model(momentum=0.7)
    norm = model.get_layer("norm")
    batch_norm.fuse(model)
    batches = [IMAGES, 3 * IMAGES[:5], IMAGES[2:] - 1]
    batch_norm.measure(model, iter(batches))
    assert norm.momentum == 0.7
    means, variances = ([kind(batch, axis=(0, 1, 2)) for batch in batches] for kind in (np.mean, np.var))
    assert np.allclose(norm.moving_mean, np.mean(means, axis=0), atol=1e-4)
    assert np.allclose(norm.moving_variance, np.mean(variances, axis=0), rtol=1e-4)
    norm.trainable = False
    before = model.get_weights()
    batch_norm.measure(model, [np.zeros_like(IMAGES)])
    assert all((one == other).all() for one, other in zip(model.get_weights(), before, strict=True))
