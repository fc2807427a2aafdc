"""evergreen.vision.networks.whitening: a fixed first convolution whose outputs have one variance and no correlation."""

from pathlib import Path
from typing import Any

import numpy as np
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.images.rows import Rows
from evergreen.recipe import Recipe
from evergreen.sections.network import Block
from evergreen.vision.networks import build, runtime, saving
from evergreen.vision.networks.whitening import whiten

WHITE = Block(filters=24, kernel=2, padding="valid", whiten=True, batch_norm=False, activation="linear", pool="none")


def _recipe(block: Block) -> Recipe:
    phases = (RECIPE.train.phases[0].model_copy(update={"epochs": 1}),)
    changes = {"cnn": (block, Block(filters=4)), "phases": phases}
    return RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update=changes)})


def _images(count: int = 300) -> np.ndarray:
    """Smooth pictures: pixels beside each other are nearly alike, as in photos."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(count, 10, 10, 3)).cumsum(axis=1).cumsum(axis=2)
    return np.asarray((noise * 12 + 128).clip(0, 255), np.uint8)[:, 2:, 2:]


def _whitened(images: np.ndarray, seed: int = 1) -> Any:
    recipe = _recipe(WHITE)
    runtime.start(seed)
    model = build.build(recipe.train, recipe.image, 3)
    whiten(model, recipe.train, Rows.of(images), seed)
    return model


def test_what_comes_out_is_white() -> None:
    import keras

    images = _images()
    model = _whitened(images)
    first = keras.Model(model.inputs, model.get_layer("block1_conv1").output)
    given = np.asarray(first(images.astype(np.float32))).reshape(-1, 24)
    assert np.allclose(given[:, :12], -given[:, 12:], atol=1e-4)
    assert np.abs(given.mean(axis=0)).max() < 0.1
    covariance = np.cov(given[:, :12].T)
    values = np.diag(covariance)
    assert values.max() < 1.2
    assert np.median(values) > 0.5
    between = covariance - np.diag(values)
    assert np.abs(between).max() < 0.1
    raw = np.corrcoef(np.lib.stride_tricks.sliding_window_view(images / 255, (2, 2), (1, 2)).reshape(-1, 12).T)
    assert np.abs(raw - np.eye(12)).max() > 0.8  # it was not so before


def test_the_patches_follow_from_the_seed_and_a_constant_picture_does_no_harm() -> None:
    images = _images()
    one, same, other = (_whitened(images, seed).get_layer("block1_conv1").get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0], other[0])
    flat = _whitened(np.full((3, 8, 8, 3), 77, np.uint8)).get_layer("block1_conv1").get_weights()
    assert all(np.isfinite(values).all() for values in flat)


def test_only_the_bias_learns(trained: Trained, tmp_path: Path) -> None:
    recipe = _recipe(WHITE)
    trained.train(recipe, tmp_path / "model.keras")
    learned = saving.load(tmp_path / "model.keras", CLASSES).get_layer("block1_conv1").get_weights()
    runtime.start(recipe.seed)
    first = build.build(recipe.train, recipe.image, 3)
    rows = trained.table[trained.table["split"] == "train"]
    whiten(first, recipe.train, trained.images.rows(rows, recipe.image), recipe.seed)
    begun = first.get_layer("block1_conv1").get_weights()
    assert np.array_equal(begun[0], learned[0])
    assert not np.array_equal(begun[1], learned[1])


def test_a_network_without_it_stays_as_it_is() -> None:
    runtime.start(1)
    model = build.build(RECIPE.train, RECIPE.image, 3)
    before = model.get_weights()
    whiten(model, RECIPE.train, Rows.of(_images()), 1)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
