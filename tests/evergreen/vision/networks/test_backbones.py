"""evergreen.vision.networks.backbones: pretrained networks with their own preprocessing inside."""

import importlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from evergreen.errors import WeightsUnavailable
from evergreen.recipe import load_recipe
from evergreen.sections.phases import Phase
from evergreen.vision.networks import backbones, build, runtime, saving

QUICK = ("EfficientNetLite0", "MobileNetV2", "MobileNetV3", "EfficientNetB0", "ConvNeXtTiny")
RAW = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
MODULES = {
    "MobileNetV2": "mobilenet_v2", "MobileNetV3": "mobilenet_v3", "EfficientNetB0": "efficientnet",
    "EfficientNetB1": "efficientnet", "EfficientNetB2": "efficientnet", "EfficientNetB3": "efficientnet",
    "EfficientNetV2B0": "efficientnet_v2", "ResNet50": "resnet50", "ResNet152V2": "resnet_v2",
    "ConvNeXtTiny": "convnext", "NASNetMobile": "nasnet",
}  # fmt: skip


def _recipe(backbone: str, *overrides: str, weights: str = "none", size: int = 64) -> Any:
    values = (f"train.backbone={backbone}", "train.cnn=[]", f"train.weights={weights}")
    return load_recipe("digits", [*values, f"image={{height: {size}, width: {size}}}", *overrides])


def _same(ours: list[np.ndarray], theirs: list[np.ndarray]) -> bool:
    return all(np.array_equal(one, two) for one, two in zip(ours, theirs, strict=True))


def _built(recipe: Any, classes: int = 3) -> Any:
    runtime.start(1)
    return build.build(recipe.train, recipe.image, classes)


@pytest.mark.parametrize("name", list(backbones.APPLICATIONS))
def test_preprocessing_is_keras_own(name: str) -> None:
    kind = backbones.APPLICATIONS[name][1]
    module = importlib.import_module(f"keras.applications.{MODULES[name]}")
    inputs = keras.Input((32, 32, 3))
    ours = keras.Model(inputs, backbones.preprocessed(inputs, kind))
    assert np.allclose(np.asarray(ours(RAW)), module.preprocess_input(RAW.copy()), atol=1e-4)


def test_efficientnets_file_from_disk_is_scaled_as_the_fetched_one() -> None:
    means, deviations = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    inputs = keras.Input((32, 32, 3))
    ours = np.asarray(keras.Model(inputs, backbones.preprocessed(inputs, "efficientnet-file"))(RAW))
    normalised = (ours / 255 - means) / deviations
    fetched = (RAW / 255 - means) / deviations / np.sqrt(deviations)  # keras/src/applications/efficientnet.py
    assert np.allclose(normalised, fetched, atol=1e-4)


@pytest.mark.parametrize("name", QUICK)
def test_a_network_takes_raw_pixels_and_comes_back_from_its_file(name: str, tmp_path: Path) -> None:
    model = _built(_recipe(name, "train.head={pooling: average}"))
    images = np.random.default_rng(1).integers(0, 256, (2, 64, 64, 3)).astype(np.float32)
    scores = np.asarray(model(images, training=False))
    assert scores.shape == (2, 3)
    assert scores.dtype == np.float32
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-5)
    saving.save(model, tmp_path / "model.keras")
    again = saving.load(tmp_path / "model.keras", ["a", "b", "c"])
    assert np.allclose(np.asarray(again(images, training=False)), scores, atol=1e-6)


@pytest.mark.soak
@pytest.mark.parametrize(
    "name",
    [
        "EfficientNetB1",
        "EfficientNetB2",
        "EfficientNetB3",
        "EfficientNetV2B0",
        "ResNet50",
        "ResNet152V2",
        "NASNetMobile",
    ],
)
def test_the_larger_networks_too(name: str, tmp_path: Path) -> None:
    test_a_network_takes_raw_pixels_and_comes_back_from_its_file(name, tmp_path)


def test_offline_the_file_to_fetch_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def offline(*args: object, origin: str = "", **options: object) -> str:
        raise Exception(f"URL fetch failure on {args[1] if len(args) > 1 else origin}: None -- unreachable")

    monkeypatch.setattr(keras.src.applications.mobilenet_v2.file_utils, "get_file", offline)
    with pytest.raises(WeightsUnavailable, match=r"train\.weights: path/to/mobilenet_v2_weights\S+no_top\.h5"):
        _built(_recipe("MobileNetV2", weights="imagenet"))
    for words in ("none-such.h5", "x" * 300, "~nosuchuser/x.h5"):
        with pytest.raises(WeightsUnavailable, match="found none at"):
            _built(_recipe("MobileNetV2", weights=words))


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    runtime.start(7)
    original = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(64, 64, 3))
    path = tmp_path / "mobilenet.weights.h5"
    original.save_weights(path)
    model = _built(_recipe("MobileNetV2", weights=str(path)))
    backbone = model.get_layer(backbones.NAME)
    assert all(
        np.array_equal(one, two) for one, two in zip(backbone.get_weights(), original.get_weights(), strict=True)
    )
    (tmp_path / "other.weights.h5").write_bytes(b"no weights")
    with pytest.raises(WeightsUnavailable, match="do not fit"):
        _built(_recipe("MobileNetV2", weights=str(tmp_path / "other.weights.h5")))


def test_lite0_is_the_default_and_needs_no_download() -> None:
    recipe = _recipe("EfficientNetLite0", weights="imagenet")
    assert type(recipe.train).model_fields["backbone"].default == "EfficientNetLite0"
    first = _built(recipe).get_layer(backbones.NAME).get_layer("stem_conv").get_weights()[0]
    assert np.array_equal(first, _built(recipe).get_layer(backbones.NAME).get_layer("stem_conv").get_weights()[0])
    random = _built(_recipe("EfficientNetLite0")).get_layer(backbones.NAME).get_layer("stem_conv").get_weights()[0]
    assert not np.array_equal(first, random)


def test_unfreezing_none_some_and_all() -> None:
    model = _built(_recipe("EfficientNetLite0"))
    backbone = model.get_layer(backbones.NAME)
    everything = len(model.trainable_weights)
    head = everything - len(backbone.trainable_weights)
    backbones.unfreeze(model, Phase(unfreeze="none", epochs=1))
    assert len(model.trainable_weights) == head
    backbones.unfreeze(model, Phase(unfreeze=3, epochs=1))  # head_conv, its norm, its relu
    assert {weight.path.split("/")[-2] for weight in backbone.trainable_weights} == {"head_conv", "head_norm"}
    for more in (6, 10_000, 3, "all"):  # a phase may unfreeze more than the one before it
        backbones.unfreeze(model, Phase(unfreeze=more, epochs=1))
        expected = {6: head + 6, 3: head + 3}.get(more, everything)
        assert len(model.trainable_weights) == expected, more


@pytest.mark.parametrize(
    ("batch_norm", "expected"), [("trained", {"head_conv", "head_norm"}), ("frozen", {"head_conv"})]
)
def test_batch_norm_of_frozen_layers_stays_as_it_is(batch_norm: Any, expected: set[str]) -> None:
    model = _built(_recipe("EfficientNetLite0", "train.head={pooling: average}"))
    backbones.unfreeze(model, Phase(unfreeze=3, epochs=1, batch_norm=batch_norm))
    model.compile("adam", "categorical_crossentropy")
    backbone = model.get_layer(backbones.NAME)
    before = {layer.name: layer.get_weights() for layer in backbone.layers if layer.weights}
    images = np.random.default_rng(1).integers(0, 256, (8, 64, 64, 3)).astype(np.float32)
    model.train_on_batch(images, np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 1]])
    changed = {
        name
        for name, weights in before.items()
        if not all(
            np.array_equal(one, two) for one, two in zip(weights, backbone.get_layer(name).get_weights(), strict=True)
        )
    }
    assert changed == expected
