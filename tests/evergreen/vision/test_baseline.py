"""evergreen.vision.baseline: a linear probe of frozen features, fitted, chosen and judged as it says."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_training import CLASSES, Trained

from evergreen.images.augment import Augmenter
from evergreen.images.pixels import Images
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision import baseline
from evergreen.vision.networks import backbones, batch_norm, build, runtime
from evergreen.vision.training.batches import Side, keys_of
from evergreen.vision.training.features import Features
from evergreen.vision.training.material import Source
from runs.keys import only

LITE = ("train.backbone=EfficientNetLite0", "train.cnn=[]")


def _recipe(*overrides: str, pixels: int = 8) -> Recipe:
    return load_recipe("digits", [*LITE, f"image={{height: {pixels}, width: {pixels}}}", *overrides])


@pytest.fixture
def simple(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features that are the mean colours of an image's left half: what a mirror image shows is another thing."""
    inputs = keras.Input((8, 8, 3))
    left = keras.layers.GlobalAveragePooling2D()(inputs[:, :, :4])
    model = keras.Model(inputs, left)
    monkeypatch.setattr(baseline, "frozen", lambda *_: Features(model, None, "simple"))


def _probe(trained: Trained, recipe: Recipe, said: list[str] | None = None, table: Any = None) -> Any:
    images = Images(trained.blobs.__getitem__)
    table = trained.table if table is None else table
    return baseline.probe(table, images, CLASSES, recipe, (said if said is not None else []).append)


@pytest.mark.usefixtures("simple")
def test_colours_are_told_apart_on_the_judged_images(trained: Trained) -> None:
    said: list[str] = []
    found = _probe(trained, _recipe(), said)
    test = trained.table[trained.table["split"] == "test"].sort_values("path")
    assert found.predictions["path"].tolist() == test["path"].tolist()
    assert found.predictions["predicted"].tolist() == test["label"].tolist()
    assert {name: found.found[name] for name in ("split", "accuracy", "count", "fitted_on", "of", "mirrored")} == {
        "split": "test", "accuracy": 1.0, "count": 18, "fitted_on": 42, "of": 42, "mirrored": False,
    }  # fmt: skip
    assert found.found["converged"]
    assert said == ["a linear probe of the frozen EfficientNetLite0 is fitted on 42 training images"]


@pytest.mark.usefixtures("simple")
def test_a_sample_is_stratified_and_said(trained: Trained) -> None:
    said: list[str] = []
    found = _probe(trained, _recipe("evaluate.baseline_images=6"), said)
    assert (found.found["fitted_on"], found.found["of"]) == (6, 42)
    assert said[0].endswith("fitted on 6 of 42 training images")
    assert found.found["accuracy"] == 1.0  # so each class had its images


@pytest.mark.usefixtures("simple")
def test_without_a_test_split_validation_is_judged(trained: Trained) -> None:
    table = trained.table.assign(split=trained.table["split"].replace("test", "validation"))
    found = _probe(trained, _recipe(), table=table)
    assert (found.found["split"], found.found["count"]) == ("validation", 30)


def test_the_penalty_is_the_one_of_most_right_answers_on_validation(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(4)  # of a draw where the best is neither the first nor the last
    labels, truth = np.arange(60) % 2, np.arange(200) % 2
    inputs = chance.normal(size=(60, 40)) + 0.35 * labels[:, None]
    checked = chance.normal(size=(200, 40)) * np.linspace(0.2, 3, 40) + 0.35 * truth[:, None]
    given = (inputs, labels, [Rows.of(checked)], truth)
    fitted = baseline._fitted(*given)
    strengths, right = baseline._STRENGTHS, []
    for strength in strengths:
        monkeypatch.setattr(baseline, "_STRENGTHS", (strength,))
        right.append(float((baseline._fitted(*given).model.predict(checked) == truth).mean()))
    assert max(right[0], right[-1]) < max(right)
    assert fitted.c == strengths[right.index(max(right))]


@pytest.mark.usefixtures("simple")
@pytest.mark.parametrize("flips", ["augment.horizontal_flip=true", "augment.magnitude=0.1"])
def test_mirror_images_are_averaged_where_training_flips(trained: Trained, flips: str) -> None:
    asked: list[list[np.ndarray]] = []
    real = baseline._scores

    def heard(model: Any, sides: list[Any], classes: int) -> np.ndarray:
        asked.append([side.gather(np.arange(len(side))) for side in sides])
        return real(model, sides, classes)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baseline, "_scores", heard)
        assert _probe(trained, _recipe(flips)).found["mirrored"]
    test = trained.table[trained.table["split"] == "test"].sort_values("path")
    images = trained.images.rows(test, _recipe().image).gather(np.arange(18)).astype(np.float64)
    plain, mirrored = asked[-1]
    assert np.allclose(plain, images[:, :, :4].mean(axis=(1, 2)), atol=1e-3)
    assert np.allclose(mirrored, images[:, :, 4:].mean(axis=(1, 2)), atol=1e-3)


def test_probabilities_are_averaged_over_the_sides_and_a_class_that_was_not_learned_has_none() -> None:
    class Model:
        classes_ = np.array([0, 2])

        def predict_proba(self, block: np.ndarray) -> np.ndarray:
            return np.stack([block[:, 0], 1 - block[:, 0]], axis=1)

    sides = [Rows.of(np.full((3, 1), share, np.float32)) for share in (0.25, 0.75)]
    assert np.allclose(baseline._scores(Model(), sides, 4), [[0.5, 0, 0.5, 0]] * 3)


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ((*LITE, "train.weights=none"), "train.weights is none, so the EfficientNetLite0 knows nothing before"),
        ((*LITE, "evaluate.baseline_images=0"), "evaluate.baseline_images is 0"),
        ((), "a cnn has no pretrained backbone"),
    ],
)
def test_where_there_is_nothing_to_probe_it_is_said_and_nothing_computed(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, overrides: tuple[str, ...], why: str
) -> None:
    monkeypatch.setattr(baseline.runtime, "start", lambda *_: pytest.fail("TensorFlow has no part in it"))
    said: list[str] = []
    found = _probe(trained, load_recipe("digits", list(overrides)), said)
    assert found.found["why"].startswith(why)
    assert (len(found.predictions), said) == (0, [])


def test_features_are_those_that_a_training_with_a_frozen_backbone_keeps(trained: Trained, tmp_path: Path) -> None:
    recipe = _recipe("train.head={pooling: average}", "train.phases=[{unfreeze: none, epochs: 1}]", pixels=32)
    images = Images(trained.blobs.__getitem__, tmp_path / "pixels", tmp_path / "features")
    sides = {}
    for name, table in trained.table.groupby("split"):
        none = np.zeros((len(table), 0), np.float32)
        sides[str(name)] = Side(images.rows(table, recipe.image), none, none, keys_of(list(table["sha256"])))
    runtime.start()
    model = build.build(recipe.train, recipe.image, len(CLASSES))
    with Threads() as threads:
        augmenter = Augmenter(recipe.augment, recipe.seed)
        source = Source(recipe, sides, images.features_of(recipe.image), augmenter, threads, lambda _: None)
        backbones.unfreeze(model, recipe.train.phases[0])
        batch_norm.fuse(model)
        material = source.material(1, recipe.train.phases[0], model)
        material.training(0)
    kept = set((tmp_path / "features").rglob("*.rows"))
    assert len(kept) == 2  # of training and validation
    # As the step is given it: what its row of the table does not name cannot be read.
    read = only(recipe, BY_NAME["baseline"].recipe)
    found = baseline.probe(trained.table, images, CLASSES, read, lambda _: None)
    (test,) = set((tmp_path / "features").rglob("*.rows")) - kept  # in the training's own folder, beside its rows
    assert {path.parent for path in kept} == {test.parent}
    assert found.found["accuracy"] > 0.8  # dark, bright and red: it has seen colours before
