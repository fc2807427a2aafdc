"""evergreen.vision.fold: a fold sees no image that it judges, goes on where it was killed, and shares its features."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_teachers import student, teacher_file
from tiny_training import CLASSES, RECIPE, Trained

from evergreen.recipe import Recipe, load_recipe
from evergreen.vision import fold as module
from evergreen.vision.fold import Fold, fold
from evergreen.vision.networks import backbones, saving
from evergreen.vision.networks.build import build
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles
from evergreen.vision.training import features, preflight
from evergreen.vision.training.fit import EpochReport, Fitting

FOLDS = 3


@pytest.fixture(scope="module")
def labelled(trained: Trained) -> Labelled:
    """The tiny images, dealt: every third in each fold, every fifth validates."""
    number = trained.table["path"].str.rpartition("/")[2].astype(int)
    side = np.where(number % 5 == 0, "validation", "train")
    return Labelled(trained.table.assign(fold=1 + number % FOLDS, side=side), trained.images, CLASSES)


def _recipe(**phase: Any) -> Recipe:
    phases = (RECIPE.train.phases[0].model_copy(update={"epochs": 2, **phase}),)
    return RECIPE.model_copy(update={"train": RECIPE.train.model_copy(update={"phases": phases})})


def _same(one: Fold, other: Fold) -> bool:
    pd.testing.assert_frame_equal(one.predictions, other.predictions)
    pd.testing.assert_frame_equal(one.training.history, other.training.history)
    return one.scores.tobytes() == other.scores.tobytes()


def test_a_fold_learns_from_the_others_and_weighs_their_classes(
    labelled: Labelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[pd.DataFrame, ClassBalance]] = []

    def train(some: Labelled, balance: ClassBalance, recipe: Recipe, files: ModelFiles, *_: Any) -> Any:
        given.append((some.dataset, balance))
        saving.save(build(recipe.train, recipe.image, len(some.classes)), files.model)

    monkeypatch.setattr(module, "train", train)
    dataset = labelled.dataset
    dataset = dataset[(dataset["label"] != "red") | (dataset["path"].str.len() == len("red/1"))]  # ten of them
    recipe = load_recipe("digits", ["balance.weights=balanced"]).balance
    balanced = _recipe().model_copy(update={"balance": recipe})
    some = Labelled(dataset.sample(frac=1, random_state=1), labelled.images, CLASSES)
    found = fold(some, 2, balanced, ModelFiles(tmp_path / "m.keras"), Callbacks())
    table, weighed = given[0]
    judged = dataset[dataset["fold"] == 2].sort_values("path")
    assert found.predictions["path"].tolist() == judged["path"].tolist()
    assert set(table.loc[table["split"] == "test", "path"]) == set(judged["path"])
    train_side = table[table["split"] == "train"]
    assert set(train_side["side"]) == {"train"}
    counts = train_side["label"].value_counts()
    assert weighed.weights["red"] == pytest.approx(len(train_side) / (3 * counts["red"]))
    assert found.scores.shape == (len(judged), 3)
    assert found.predictions["predicted"].tolist() == [CLASSES[index] for index in found.scores.argmax(axis=1)]


@pytest.mark.soak
def test_a_fold_that_is_killed_goes_on_to_the_same_bytes(labelled: Labelled, tmp_path: Path) -> None:
    def killed(report: EpochReport) -> None:
        raise KeyboardInterrupt

    files = ModelFiles(tmp_path / "m.keras", checkpoints=tmp_path / "checkpoints")
    with pytest.raises(KeyboardInterrupt):
        fold(labelled, 1, _recipe(), files, Callbacks(killed))
    said: list[str] = []
    reports: list[EpochReport] = []
    again = fold(labelled, 1, _recipe(), files, Callbacks(reports.append, said.append))
    assert "going on where it was stopped: in phase 1, after 1 of its epochs" in said
    assert [report.epoch for report in reports] == [2]
    whole = fold(labelled, 1, _recipe(), ModelFiles(tmp_path / "m.keras"), Callbacks())
    assert _same(again, whole)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """A backbone of one convolution; of how many images its features were computed, a batch after the other."""

    def small(train: Any, inputs: Any) -> Any:
        import keras

        image = keras.Input(inputs.shape[1:])
        return keras.Model(image, keras.layers.Conv2D(3, 4, strides=4)(image), name=backbones.NAME)(inputs)

    def rows(cache: Any, keys: Any, make: Any) -> Any:
        def counting(positions: list[int]) -> Any:
            counts.append(len(positions))
            return make(positions)

        return kept(cache, keys, counting)

    counts: list[int] = []
    kept = features.RowCache.rows
    monkeypatch.setattr(backbones, "features", small)
    monkeypatch.setattr(features, "RowCache", type("Counting", (features.RowCache,), {"rows": rows}))
    yield counts


def test_features_of_an_image_are_computed_once_for_all_folds(
    labelled: Labelled, tmp_path: Path, computed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = _recipe(unfreeze="none", epochs=1)
    train = recipe.train.model_copy(update={"backbone": "MobileNetV2", "weights": "none", "cnn": ()})
    recipe = recipe.model_copy(update={"train": train})
    images = labelled.images.__class__(labelled.images.read, tmp_path / "pixels", tmp_path / "features")
    some = Labelled(labelled.dataset, images, CLASSES)

    def epoch(fitting: Any, material: Any, *_: Any) -> Any:
        material.training(0)
        return dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), 0.5), [], False

    # What is tried elsewhere would take longest here.
    monkeypatch.setattr(Fitting, "_epoch", epoch)
    monkeypatch.setattr(preflight, "check", lambda *_: None)
    monkeypatch.setattr(module.saving, "load_to_run", lambda *_: None)
    monkeypatch.setattr(module.pixels, "scores", lambda _, rows: np.zeros((len(rows), 3), np.float32))
    each = []
    for number in range(1, FOLDS + 1):
        computed.clear()
        fold(some, number, recipe, ModelFiles(tmp_path / "m.keras"), Callbacks())
        each.append(sum(computed))
    judged = (labelled.dataset["fold"] == 1).sum()
    # The first has all but what it judges; the second lacks just those; the third none.
    assert each == [len(labelled.dataset) - judged, judged, 0]


def test_the_teacher_of_a_fold_sees_the_folds_training_images_alone(
    labelled: Labelled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Seen(Exception):
        pass

    def teacher(carved: Labelled, *_: Any) -> Any:
        seen.append(carved.dataset)
        raise Seen

    seen: list[pd.DataFrame] = []
    monkeypatch.setattr(preflight, "check", lambda *_: None)
    monkeypatch.setattr("evergreen.vision.train._teacher", teacher)
    dealt = labelled.dataset.assign(pixels=labelled.dataset["sha256"], phash="")
    some = Labelled(dealt, labelled.images, CLASSES)
    recipe = student([teacher_file(tmp_path)])
    for number in range(1, FOLDS + 1):
        with pytest.raises(Seen):
            fold(some, number, recipe, ModelFiles(tmp_path / "m.keras"), Callbacks())
        training = dealt[(dealt["fold"] != number) & (dealt["side"] == "train")]
        assert set(seen[-1]["path"]) == set(training["path"])
