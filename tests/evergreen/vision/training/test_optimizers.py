"""evergreen.vision.training.optimizers: each phase's optimizer, against its published rule, and who learns how fast."""

from typing import Any

import numpy as np
import pytest

from evergreen.sections.phases import Phase
from evergreen.vision.networks import backbones
from evergreen.vision.training.optimizers import factors, optimizer_of


def _classifier() -> Any:
    """Softmax regression, whose bias is the offset of a norm that normalizes nothing."""
    import keras

    class Offset(keras.layers.BatchNormalization):
        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            return inputs + self.beta

    inputs = keras.Input((3,))
    scores = keras.layers.Dense(2, use_bias=False)(inputs)
    return keras.Model(inputs, keras.layers.Softmax()(Offset(scale=False)(scores)))


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_phase_gets_the_optimizer_that_it_names(name: str) -> None:
    made = optimizer_of(Phase(epochs=1, optimizer=name, learning_rate=0.25), _classifier())
    assert (type(made).__name__.lower(), float(made.learning_rate), made.use_ema) == (name, 0.25, False)
    assert type(made).__module__.startswith("keras.")
    assert made.weight_decay == (0.004 if name == "adamw" else None)
    averaged = optimizer_of(Phase(epochs=1, optimizer=name, ema_momentum=0.5, weight_decay=0), _classifier())
    assert (averaged.use_ema, averaged.ema_momentum, averaged.weight_decay) == (True, 0.5, 0)


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize(("bias_rate", "nesterov"), [(8.0, True), (1.0, True), (8.0, False)])
def test_a_step_is_that_of_its_formula(scaled: bool, bias_rate: float, nesterov: bool) -> None:
    """Softmax regression by NumPy, in whole batches; a GPU's scaled losses change nothing, an average has its place."""
    import keras

    phase = Phase(
        epochs=1, learning_rate=0.5, optimizer="sgd", momentum=0.9, nesterov=nesterov, weight_decay=0.1,
        bias_rate=bias_rate, ema_momentum=0.5,
    )  # fmt: skip
    random = np.random.default_rng(1)
    images, labels = random.normal(size=(5, 3)).astype(np.float32), np.eye(2, dtype=np.float32)[[0, 1, 1, 0, 1]]
    model = _classifier()
    values = [random.normal(size=weight.shape) for weight in model.trainable_weights]
    for weight, value in zip(model.trainable_weights, values, strict=True):
        weight.assign(value)
    optimizer = optimizer_of(phase, model)
    if scaled:
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=1024.0)
    model.compile(optimizer, "categorical_crossentropy", jit_compile=False)
    velocities = [np.zeros_like(value) for value in values]
    averages = [value.copy() for value in values]
    for rate, kept in ((0.5, 0), (0.25, 0.5), (0.125, 0.5)):  # an average begins with what the first step gave
        optimizer.learning_rate = rate
        model.train_on_batch(images, labels)
        scores = images @ values[0] + values[1]
        likely = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        gradients = [images.T @ (likely - labels) / 5, (likely - labels).mean(axis=0)]
        for index, (own, decay) in enumerate([(rate, 0.1), (rate * bias_rate, 0)]):
            step = own * gradients[index]
            values[index] = values[index] * (1 - decay * own)
            velocities[index] = 0.9 * velocities[index] - step
            values[index] = values[index] + (0.9 * velocities[index] - step if nesterov else velocities[index])
            averages[index] = kept * averages[index] + (1 - kept) * values[index]
    for weight, expected in zip(model.trainable_weights, values, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-5, atol=1e-6)
    optimizer.finalize_variable_values(model.trainable_variables)
    for weight, expected in zip(model.trainable_weights, averages, strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_every_optimizer_decays_kernels_alone_each_by_its_own_rate(name: str) -> None:
    """Without a gradient nothing but the decay is left."""
    phase = Phase(epochs=1, optimizer=name, learning_rate=0.5, weight_decay=0.1, bias_rate=4)
    model = _with_backbone()
    before = {weight.path: np.array(weight) for weight in model.trainable_weights}
    for stage_rate in (1, 0.5):
        for weight in model.trainable_weights:
            weight.assign(before[weight.path])
        optimizer = optimizer_of(phase.model_copy(update={"stage_rate": stage_rate}), model)
        optimizer.build(model.trainable_variables)
        optimizer.apply([np.zeros(weight.shape, np.float32) for weight in model.trainable_weights])
        left = {
            path: np.array(weight) / value
            for weight, (path, value) in zip(model.trainable_weights, before.items(), strict=True)
        }
        stages = {"early/kernel": 2, "late/kernel": 1, "probabilities/kernel": 0}
        for path, share in left.items():
            stage = next((number for end, number in stages.items() if path.endswith(end)), None)
            lost = 0 if stage is None else 0.05 * stage_rate**stage
            np.testing.assert_allclose(share, 1 - lost, rtol=1e-5)


def _with_backbone() -> Any:
    import keras
    from keras import layers

    given = keras.Input((8, 8, 3))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(2, 3, strides=2, padding="same", name="early")(given))
    backbone = keras.Model(given, layers.Conv2D(2, 3, strides=2, padding="same", name="late")(x), name=backbones.NAME)
    inputs = keras.Input((8, 8, 3))
    pooled = layers.GlobalAveragePooling2D()(backbone(inputs))
    model = keras.Model(inputs, layers.Dense(2, activation="softmax", name="probabilities")(pooled))
    random = np.random.default_rng(2)
    model.set_weights([random.uniform(0.5, 1, weight.shape) for weight in model.weights])
    return model


def test_offsets_of_norms_and_earlier_stages_have_their_factors() -> None:
    model = _with_backbone()
    factor = factors(Phase(epochs=1, bias_rate=64, stage_rate=0.5), model)
    found = {"/".join(weight.path.split("/")[-2:]): factor(weight) for weight in model.trainable_weights}
    assert found == {
        "early/kernel": 0.25, "early/bias": 0.25, "norm/gamma": 0.25, "norm/beta": 16, "late/kernel": 0.5,
        "late/bias": 0.5, "probabilities/kernel": 1, "probabilities/bias": 1,
    }  # fmt: skip


def test_a_factor_is_one_on_the_step() -> None:
    """The same gradient: what a variable moves is its factor times what it moves without one."""
    random = np.random.default_rng(3)
    images, labels = random.normal(size=(4, 8, 8, 3)).astype(np.float32), np.eye(2, dtype=np.float32)[[0, 1, 1, 0]]
    model = _with_backbone()
    begun = model.get_weights()

    def moved(phase: Phase) -> list[np.ndarray]:
        model.set_weights(begun)
        model.compile(optimizer_of(phase, model), "categorical_crossentropy", jit_compile=False)
        before = [np.array(weight) for weight in model.trainable_weights]
        model.train_on_batch(images, labels)
        return [np.array(weight) - value for weight, value in zip(model.trainable_weights, before, strict=True)]

    phase = Phase(epochs=1, optimizer="sgd", learning_rate=0.1, bias_rate=3, stage_rate=0.5)
    factor = factors(phase, model)
    plain = moved(phase.model_copy(update={"bias_rate": 1, "stage_rate": 1}))
    for weight, own, full in zip(model.trainable_weights, moved(phase), plain, strict=True):
        np.testing.assert_allclose(own, full * factor(weight), rtol=1e-3, atol=1e-6)
    assert max(np.abs(full).max() for full in plain) > 1e-3
