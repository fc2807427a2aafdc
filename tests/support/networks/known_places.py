"""Small networks that were really trained, and images whose telling place is known."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from evergreen.recipe import Recipe
from evergreen.vision.networks import build, runtime

SIDE, SHAPE = 32, 9


@dataclass(frozen=True)
class Learned:
    """A trained network, the recipe that builds it, and images it has not seen, with their classes."""

    model: Any
    recipe: Recipe
    images: np.ndarray
    classes: np.ndarray
    boxes: np.ndarray

    def answers(self) -> np.ndarray:
        return np.asarray(self.model.predict_on_batch(self.images)).argmax(axis=1)

    def untrained(self, seed: int) -> Any:
        runtime.start(seed)
        return build.build(self.recipe.train, self.recipe.image, self.model.output_shape[-1])


def trained_on(recipe: Recipe, images: np.ndarray, classes: np.ndarray, epochs: int) -> Any:
    import keras

    runtime.start(1)
    model = build.build(recipe.train, recipe.image, int(classes.max()) + 1)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(images, classes, batch_size=32, epochs=epochs, verbose=0)
    return model


def shapes_in_noise(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images, classes, and where the shape is: a bright cross, frame or stroke somewhere in dark noise."""
    rng = np.random.default_rng(seed)
    drawn = np.zeros((3, SHAPE, SHAPE), bool)
    drawn[0, :, 3:6] = drawn[0, 3:6] = drawn[1] = True
    drawn[1, 2:7, 2:7] = False
    drawn[2] = np.abs(np.subtract.outer(range(SHAPE), range(SHAPE))) < 2
    images = rng.integers(0, 90, (count, SIDE, SIDE, 3)).astype(np.uint8)
    classes, boxes = np.arange(count) % 3, np.zeros((count, SIDE, SIDE), bool)
    for image, shape, box in zip(images, drawn[classes], boxes, strict=True):
        row, column = rng.integers(0, SIDE - SHAPE, 2)
        image[row : row + SHAPE, column : column + SHAPE][shape] = rng.integers(170, 256)
        box[max(0, row - 2) : row + SHAPE + 2, max(0, column - 2) : column + SHAPE + 2] = True
    return images, classes, boxes
