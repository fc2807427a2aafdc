"""evergreen.vision.networks.activations: GELU compiled, or by erf; the same as Keras' own."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from evergreen.vision.networks import activations, runtime, saving

NUMBERS = np.linspace(-6, 6, 8 * 97, dtype=np.float32).reshape(8, 97)


def _model(dtype: str | None = None) -> Any:
    runtime.start(1)
    inputs = keras.Input(NUMBERS.shape[1:])
    return keras.Model(inputs, keras.layers.Activation("gelu", dtype=dtype)(inputs))


def _step(model: Any) -> tuple[np.ndarray, np.ndarray, int]:
    @tf.function
    def run(numbers: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(numbers)
            outputs = model(numbers, training=True)
            loss = tf.reduce_sum(outputs * outputs)
        return outputs, tape.gradient(loss, numbers)

    operations = run.get_concrete_function(tf.constant(NUMBERS)).graph.get_operations()
    outputs, gradient = run(tf.constant(NUMBERS))
    return np.asarray(outputs), np.asarray(gradient), sum(node.type == "Erfc" for node in operations)


def test_outputs_and_gradients_are_keras_own() -> None:
    ours, theirs = _model(), _model()
    activations.fuse(ours)
    (found, slope, erfc), (expected, other_slope, plain) = _step(ours), _step(theirs)
    assert (erfc, plain > 0) == (0, True)
    assert np.allclose(found, expected, atol=2e-6)
    assert np.allclose(slope, other_slope, atol=1e-5)


def test_other_precisions_and_other_activations_stay_as_they_are() -> None:
    half = _model("float16")
    activations.fuse(half)
    assert "call" not in vars(half.layers[1])


def test_a_saved_model_knows_nothing_of_it(tmp_path: Path) -> None:
    ours, theirs = _model(), _model()
    activations.fuse(ours)
    saving.save(ours, tmp_path / "ours.keras")
    saving.save(theirs, tmp_path / "theirs.keras")
    assert (tmp_path / "ours.keras").read_bytes() == (tmp_path / "theirs.keras").read_bytes()
    assert json.loads(json.dumps(ours.get_config())) == json.loads(json.dumps(theirs.get_config()))


def test_by_erf_it_answers_as_by_erfc_and_is_as_it_was_behind() -> None:
    model = _model()
    expected, _, plain = _step(model)
    with activations.spelled_out(model):
        found, _, erfc = _step(model)
    assert (erfc, plain > 0) == (0, True)
    assert np.allclose(found, expected, atol=2e-6)
    assert _step(model)[2] == plain
