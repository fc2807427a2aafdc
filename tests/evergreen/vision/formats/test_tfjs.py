"""evergreen.vision.formats.tfjs: in how many bits which weights are stored."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evergreen.recipe import load_recipe
from evergreen.vision.formats import tfjs
from evergreen.vision.formats.contract import Trained
from evergreen.vision.networks import build, runtime


def _stored(folder: Path) -> set[tuple[int, str | None]]:
    """Return (number of dimensions, type in which it is stored) of the float weights of a graph model."""
    groups = json.loads((folder / "model.json").read_text())["weightsManifest"]
    weights = [weight for group in groups for weight in group["weights"] if weight["dtype"] == "float32"]
    return {(len(weight["shape"]), weight.get("quantization", {}).get("dtype")) for weight in weights}


def test_weights_are_stored_as_the_formats_name_says(exports: Any) -> None:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(exports.folder / "tflite-float16" / "model.tflite"))
    assert np.float16 in {detail["dtype"] for detail in interpreter.get_tensor_details()}
    assert {kind for _, kind in _stored(exports.folder / "tfjs")} == {None}
    assert {kind for _, kind in _stored(exports.folder / "tfjs-float16")} == {"float16"}
    # The tiny network has no large kernel.
    assert {kind for _, kind in _stored(exports.folder / "tfjs-uint8")} == {"float16"}


def test_8_bits_are_for_large_kernels_whose_channels_can_share_a_scale(
    exports: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = {
        "early": [1, 1, 80, 240],
        "conv": [3, 3, 64, 64],
        "dense": [1280, 60],
        "first": [3, 3, 3, 32],
        "deep": [5, 5, 999, 1],
        "bias": [20000],
    }
    weights = [{"name": name, "shape": shape} for name, shape in shapes.items()]
    assert tfjs._kernels({"weightsManifest": [{"weights": weights}]}) == ["conv", "dense"]
    monkeypatch.setattr(tfjs, "_LARGE_KERNEL", 1)
    monkeypatch.setattr(tfjs, "_FIRST_IN_FLOAT16", 0)
    exports.write(tmp_path / "e", ("tfjs-uint8",))
    stored = _stored(tmp_path / "e" / "tfjs-uint8")
    assert {(4, "uint8"), (2, "uint8"), (1, "float16")} <= stored
    assert not {(4, "float16"), (2, "float16"), (1, "uint8")} & stored


def test_a_model_of_8_bits_answers_as_keras_does(
    exports: Any, tmp_path: Path, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tfjs, "_LARGE_KERNEL", 1)
    exports.write(tmp_path / "e", ("tfjs-uint8",))
    assert (4, "uint8") in _stored(tmp_path / "e" / "tfjs-uint8")
    assert exports.verify(tmp_path / "e", "tfjs-uint8")["tfjs-uint8"].runtimes[0].verified == "passed"


def test_a_network_of_gelus_is_in_operations_that_tensorflow_js_has(tmp_path: Path, node: str) -> None:
    recipe = load_recipe("cifar10-fast")
    assert {block.activation for block in recipe.train.cnn} == {"gelu"}
    runtime.start(1)
    classes = [str(number) for number in range(10)]
    model = build.build(recipe.train, recipe.image, len(classes))
    trained = Trained(tmp_path / "model.keras", model, tmp_path / "saved", classes, lambda: iter(()), recipe.image)
    tfjs.write(trained, tmp_path / "tfjs", "none")
    images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = model.predict(images.astype(np.float32), verbose=0)
    assert np.allclose(tfjs.open_predictor(tmp_path / "tfjs")(images), expected, atol=1e-4)
