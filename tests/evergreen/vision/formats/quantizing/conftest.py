"""A network that int8 spoils: one channel is so wide that the steps of its 8 bits swallow what the others say."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evergreen.sections.data import Image
from evergreen.vision.formats.contract import Representative, Trained
from evergreen.vision.formats.quantizing.judge import Judge
from evergreen.vision.formats.quantizing.ladder import Material

WIDE = 3000.0
IMAGES = 120


class Spoiled:
    """The network, images of noise, and what Keras says to them."""

    def __init__(self, folder: Path) -> None:
        import keras
        from keras import layers

        inputs = keras.Input((4, 4, 3), name="image")
        scaled = layers.Rescaling(1 / 255, name="rescaling")(inputs)
        wide = layers.Conv2D(4, 1, activation="relu", name="wide")(scaled)
        narrow = layers.Conv2D(3, 1, name="narrow")(wide)
        pooled = layers.GlobalAveragePooling2D(name="pooling")(narrow)
        outputs = layers.Dense(3, activation="softmax", name="probabilities")(pooled)
        model = keras.Model(inputs, outputs)
        colours = np.eye(3, 4, dtype=np.float32)
        colours[:, 3] = WIDE  # the fourth channel: brightness, thousands of times as wide, which nothing reads
        model.get_layer("wide").set_weights([colours[None, None], np.zeros(4, np.float32)])
        model.get_layer("narrow").set_weights([np.eye(4, 3, dtype=np.float32)[None, None], np.zeros(3, np.float32)])
        model.get_layer("probabilities").set_weights([20 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
        self.images = np.random.default_rng(3).integers(0, 256, (IMAGES, 4, 4, 3)).astype(np.uint8)
        self.counts: list[int] = []
        self.trained = Trained(
            file=folder / "model.keras",
            model=model,
            saved=folder / "saved",
            classes=["red", "green", "blue"],
            representative=self.of(10),
            image=Image(height=8, width=8),  # which int8 does not look at
        )
        self.reference = np.asarray(model.predict_on_batch(self.images.astype(np.float32)))

    def of(self, count: int) -> Representative:
        """Return so many images for the converter; ``counts`` remembers how many were asked for."""

        def blocks() -> Iterator[list[np.ndarray]]:
            self.counts.append(count)
            for image in self.images[:count].astype(np.float32):
                image[0, 0], image[-1, -1] = 0, 255
                yield [image[None]]

        return blocks

    def material(self, asked: int = 10, available: int = IMAGES) -> Material:
        return Material(self.of, asked, available)

    def judge(self, **values: Any) -> Judge:
        given = {"min_agreement": 0.99, "max_accuracy_loss": 0.005} | values
        return Judge("validation", self.images, self.reference, self.reference.argmax(axis=1), **given)


@pytest.fixture(scope="session")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Spoiled:
    return Spoiled(tmp_path_factory.mktemp("spoiled"))
