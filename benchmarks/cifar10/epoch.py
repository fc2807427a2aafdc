"""Measure an epoch of the cifar10 CNN: what augmentation costs, against the notebook's way, in bfloat16, and PyTorch's.

    .venv/bin/python benchmarks/cifar10/epoch.py [--torch PYTHON]

Ways take turns in one process, on the same random images; each is warm. ``--torch`` names a Python that has PyTorch:
the same network is then timed there right after, channels-last, on as many threads.
"""

import argparse
import os
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np
import tensorflow as tf
from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

from evergreen.images.augment import Augmenter
from evergreen.images.processors import processors
from evergreen.images.rows import Rows
from evergreen.images.threads import Threads
from evergreen.recipe import load_recipe
from evergreen.vision.networks import activations, batch_norm, build, runtime
from evergreen.vision.networks.precision import Precision, precision_of
from evergreen.vision.training.batches import Side, augmented, batches, keys_of

RECIPE = load_recipe("cifar10")
PHASE = RECIPE.train.phases[0]
IMAGES, ROUNDS = 6400, 3
TORCH = Path(__file__).with_name("epoch_torch.py")


def main() -> None:
    """Print images a second of each way, and the ratios that are claimed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--torch", help="a Python that has PyTorch")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, 32, 32, 3), np.uint8)
    labels = np.eye(10, dtype=np.float32)[rng.integers(0, 10, IMAGES)]
    own = precision_of(RECIPE.train)
    with Threads() as threads:
        ways: dict[str, Way] = {}
        for precision in dict.fromkeys(("float32", own)):
            ways |= {
                f"{precision}, augmented": Way(precision, ours(images, labels, threads)),
                f"{precision}, ready arrays": Way(precision, ready(images, labels)),
            }
        ways["the notebook's"] = Way("float32", notebook(images, labels), fused=False)
        rates = measured(ways)
    print(f"{processors()} threads, the rule's precision is {own}; images a second, medians of {ROUNDS}:")
    for name, rate in rates.items():
        print(f"  {name}: {rate:,.0f}")
    for precision in dict.fromkeys(("float32", own)):
        mine = rates[f"{precision}, augmented"]
        cost = rates[f"{precision}, ready arrays"] / mine
        against = mine / rates["the notebook's"]
        print(f"{precision}: augmented takes {cost:.2f}x ready arrays, and is {against:.2f}x as fast as the notebook's")
    print(f"{own} against float32: {rates[f'{own}, augmented'] / rates['float32, augmented']:.2f}x")
    if arguments.torch:
        subprocess.run([arguments.torch, str(TORCH), str(processors()), str(PHASE.batch)], check=True)


class Way:
    """A model of its own, and an epoch of it."""

    def __init__(self, precision: Precision, epoch: Callable[[Any], None], fused: bool = True) -> None:
        runtime.start(RECIPE.seed, precision)
        self._precision, self._epoch = precision, epoch
        self._model = build.build(RECIPE.train, RECIPE.image, 10)
        if fused:  # as training does; the notebook has Keras' own
            batch_norm.fuse(self._model)
            activations.fuse(self._model)
        self._model.compile(
            keras.optimizers.Adam(), "categorical_crossentropy", metrics=["accuracy"], jit_compile=False
        )

    def run(self) -> float:
        """Run an epoch and return images a second."""
        tf.config.optimizer.set_experimental_options(
            {"auto_mixed_precision_onednn_bfloat16": self._precision == "bfloat16"}
        )
        began = time.perf_counter()
        self._epoch(self._model)
        return IMAGES / (time.perf_counter() - began)


def ours(images: np.ndarray, labels: np.ndarray, threads: Threads) -> Callable[[Any], None]:
    """Return an epoch as training runs it, with the recipe's augmentation."""
    keys = keys_of([f"{number:064x}" for number in range(len(images))])
    side = Side(Rows.of(images), labels, np.ones(len(images), np.float32), keys)
    gather = augmented(side, Augmenter(RECIPE.augment, RECIPE.seed), 1, threads)
    order = np.random.default_rng(1).permutation(len(images))
    return lambda model: model.fit(batches(side, PHASE.batch, order, gather), verbose=0, shuffle=False)


def ready(images: np.ndarray, labels: np.ndarray) -> Callable[[Any], None]:
    """Return an epoch on arrays that are in memory, without augmentation."""
    return lambda model: model.fit(images, labels, batch_size=PHASE.batch, verbose=0)


def notebook(images: np.ndarray, labels: np.ndarray) -> Callable[[Any], None]:
    """Return an epoch as the reference system runs it: ImageDataGenerator with its preprocessing function."""
    settings = RECIPE.augment
    generator = ImageDataGenerator(
        rotation_range=settings.rotation, width_shift_range=settings.width_shift,
        height_shift_range=settings.height_shift, horizontal_flip=settings.horizontal_flip,
        preprocessing_function=_random_resolution,
    )  # fmt: skip
    pixels = images.astype(np.float32)
    return lambda model: model.fit(generator.flow(pixels, labels, batch_size=PHASE.batch), verbose=0)


def _random_resolution(image: np.ndarray) -> np.ndarray:
    """Scale an image to 80-120 %, then pad it by reflection or crop it back."""
    low, high = RECIPE.augment.random_resolution or (1, 1)
    side = image.shape[0]
    size = int(side * np.random.uniform(low, high))
    scaled = cv2.resize(image, (size, size))
    if size < side:
        before = (side - size) // 2
        rest = side - size - before
        return np.asarray(cv2.copyMakeBorder(scaled, before, rest, before, rest, cv2.BORDER_REFLECT))
    start = (size - side) // 2
    return np.asarray(scaled[start : start + side, start : start + side])


def measured(ways: dict[str, Way]) -> dict[str, float]:
    """Return images a second of each way, the median of rounds in which they take turns."""
    for way in ways.values():
        way.run()
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found[name].append(way.run())
    return {name: statistics.median(values) for name, values in found.items()}


if __name__ == "__main__":
    main()
