"""One tiny real training, shared by the tests of training, evaluation and exports."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from evergreen.images.pixels import Images
from evergreen.recipe import Recipe, load_recipe
from evergreen.sections.network import Dense, Head
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles, train
from evergreen.vision.training.fit import EpochReport

CLASSES = ["dark", "bright", "red"]
COLOURS = {"dark": (20, 20, 20), "bright": (190, 190, 190), "red": (190, 20, 20)}
SETTINGS = [
    "image={height: 8, width: 8}",
    "train.cnn=[{filters: 4}]",
    "train.head={pooling: average, dense: [{units: 8, activation: leaky_relu, l2: 0.001, dropout: 0.1}]}",
]
RECIPE = load_recipe(
    "digits",
    [
        *SETTINGS,
        "train.phases=[{epochs: 6, learning_rate: 0.02, batch: 8, ema_momentum: 0.5}, "
        "{epochs: 2, optimizer: sgd, learning_rate: 0.001}]",
    ],
)


def still(**phase: Any) -> Recipe:
    """Return a recipe that learns next to nothing, so that no epoch is better than the first."""
    slow = RECIPE.train.phases[1].model_copy(update={"learning_rate": 1e-9, "optimizer": "sgd", **phase})
    head = Head(dense=(Dense(units=8),))
    train = RECIPE.train.model_copy(update={"phases": (slow,), "head": head})
    return RECIPE.model_copy(update={"train": train})


class Trained:
    """One training, shared by the tests below, and everything that was said about it."""

    def __init__(self, folder: Path, png: Callable[..., bytes]) -> None:
        rows = []
        self.blobs: dict[str, bytes] = {}
        for label in CLASSES:
            for number in range(24):
                data = png(number, (9, 7), COLOURS[label])
                name = hashlib.sha256(data).hexdigest()
                self.blobs[name] = data
                side = "train" if number < 14 else "validation" if number < 18 else "test"
                rows.append((f"{label}/{number}", label, name, side))
        self.table = pd.DataFrame(rows, columns=["path", "label", "sha256", "split"])
        self.images = Images(self.blobs.__getitem__, folder / "pixels", folder / "features")
        self.labelled = Labelled(self.table, self.images, CLASSES)
        self.folder = folder
        self.reports: list[EpochReport] = []
        self.model = folder / "model.keras"
        self.history = self.train(RECIPE, self.model)

    def train(self, recipe: Recipe, file: Path) -> pd.DataFrame:
        return train(self.labelled, ClassBalance(), recipe, ModelFiles(file), Callbacks(self.reports.append)).history
