"""evergreen.vision.training.fit, features, precision, threads: frozen phases, and the rules about the machine."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evergreen.images.pixels import Images
from evergreen.recipe import Recipe, load_recipe
from evergreen.vision.networks import saving
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train

CLASSES = ["dark", "red"]
SETTINGS = [
    "image={height: 32, width: 32}",
    "augment={rotation: 20, horizontal_flip: alternate, brightness: [0.8, 1.2], mixup: 0.4, cutmix: 1}",
    "train.backbone=EfficientNetLite0",
    "train.cnn=[]",
    "train.views=2",
    "train.head={pooling: average, dense: [{units: 4, dropout: 0.2, l2: 0.001}]}",
    "train.phases=[{unfreeze: none, epochs: 3, learning_rate: 0.01, batch: 8}]",
]


class Lesson:
    """A few pictures, and a training on them that remembers what was said and how often an image was looked at."""

    def __init__(self, folder: Path, png: Callable[..., bytes]) -> None:
        rows = []
        self.blobs: dict[str, bytes] = {}
        for label, colour in (("dark", (10, 10, 10)), ("red", (190, 20, 20))):
            for number in range(12):
                data = png(number, (40, 36), colour)
                digest = hashlib.sha256(data).hexdigest()
                self.blobs[digest] = data
                rows.append((f"{label}/{number}", label, digest, "train" if number < 8 else "validation"))
        self.table = pd.DataFrame(rows, columns=["path", "label", "sha256", "split"])
        self.folder = folder
        self.said: list[str] = []

    def train(self, recipe: Recipe, name: str, features: str | None = "features") -> tuple[list[Any], pd.DataFrame]:
        images = Images(self.blobs.__getitem__, self.folder / "pixels", self.folder / features if features else None)
        file = self.folder / f"{name}.keras"
        self.said.clear()
        labelled, told = Labelled(self.table, images, CLASSES), Callbacks(say=self.said.append)
        done = train(labelled, ClassBalance(), recipe, ModelFiles(file), told)
        return saving.load(file, CLASSES).get_weights(), done.history


@pytest.fixture(scope="module")
def lesson(tmp_path_factory: pytest.TempPathFactory, png: Callable[..., bytes]) -> Lesson:
    return Lesson(tmp_path_factory.mktemp("lesson"), png)


@pytest.mark.parametrize(
    "head",
    [
        "{pooling: average, dense: [{units: 4, dropout: 0.2, l2: 0.001}]}",
        pytest.param(
            "{pooling: flatten, convolutions: [{filters: 16, separable: true, activation: elu, batch_norm: trained}]}",
            marks=pytest.mark.soak,
        ),
    ],
)
def test_training_on_kept_features_is_training_through_the_frozen_backbone(lesson: Lesson, head: str) -> None:
    recipe = load_recipe("digits", [*SETTINGS, f"train.head={head}"])
    kept, history = lesson.train(recipe, "kept")
    assert sum(line.startswith("features of view") for line in lesson.said) == 2  # three epochs, two views
    through = load_recipe("digits", [*SETTINGS, f"train.head={head}", "train.features_gib=0"])
    others, other_history = lesson.train(through, "through")
    assert any("every epoch runs through the backbone" in line for line in lesson.said)
    for one, other in zip(kept, others, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)
    pd.testing.assert_frame_equal(history, other_history, atol=1e-3, rtol=1e-3)


@pytest.mark.soak
def test_features_of_another_precision_are_others(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe("digits", SETTINGS)
    lesson.train(recipe, "float32", "either")
    monkeypatch.setattr("evergreen.vision.train.precision_of", lambda _: "mixed_float16")
    mixed, _ = lesson.train(recipe, "mixed", "either")
    alone, _ = lesson.train(recipe, "alone", None)
    assert len(list((lesson.folder / "either").glob("*/*"))) == 2
    assert all((one == other).all() for one, other in zip(mixed, alone, strict=True))


@pytest.mark.soak
def test_a_frozen_phase_keeps_an_average_of_its_head(lesson: Lesson) -> None:
    """On kept features as through the backbone; the head's batch norms are measured on what the epoch saw."""
    head = "{pooling: flatten, convolutions: [{filters: 8, batch_norm: trained}]}"
    phase = "{unfreeze: none, epochs: 2, learning_rate: 0.01, batch: 8, ema_momentum: 0.9}"
    settings = [*SETTINGS, f"train.head={head}", f"train.phases=[{phase}]"]
    kept, history = lesson.train(load_recipe("digits", settings), "kept")
    through, other_history = lesson.train(load_recipe("digits", [*settings, "train.features_gib=0"]), "through")
    raw, _ = lesson.train(load_recipe("digits", [*settings, "train.phases.0.ema_momentum=0"]), "raw")
    for one, other in zip(kept, through, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-4)
    pd.testing.assert_frame_equal(history, other_history, atol=1e-3, rtol=1e-3)
    assert max(np.abs(one - other).max() for one, other in zip(kept, raw, strict=True)) > 1e-3


@pytest.mark.soak
def test_features_are_computed_once_for_all_trainings(lesson: Lesson, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = load_recipe("digits", SETTINGS)
    first, history = lesson.train(recipe, "first")
    monkeypatch.setattr("evergreen.images.augment.Augmenter.__call__", None)  # nothing may be changed again
    again, again_history = lesson.train(recipe, "again")
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    pd.testing.assert_frame_equal(history, again_history)


@pytest.mark.soak
def test_a_phase_after_a_frozen_one_learns_from_images(lesson: Lesson) -> None:
    phases = "train.phases=[{unfreeze: none, epochs: 2, batch: 8}, {unfreeze: all, epochs: 2, batch: 8}]"
    recipe = load_recipe("digits", [*SETTINGS, phases, "train.keep=val_loss"])
    _, history = lesson.train(recipe, "two", None)
    assert history["phase"].tolist() == [1, 1, 2, 2]
    assert np.isfinite(history["loss"]).all()
