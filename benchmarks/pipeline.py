"""Measure the input pipeline: images a second, from 400-pixel JPEGs to augmented 224x224 batches, on all cores.

    .venv/bin/python benchmarks/pipeline.py

Three ways take turns, warm, with garbage's augmentation: ours (decoded once into the pixels cache), Keras'
``ImageDataGenerator.flow_from_directory`` with the same settings, and ``image_dataset_from_directory`` with Keras'
augmentation layers that come nearest. The cold first pass of ours, which decodes, is printed too.
"""

import hashlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import cv2
import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

from evergreen.images.augment import Augmenter
from evergreen.images.pixels import Images
from evergreen.images.processors import image_threads
from evergreen.images.threads import Threads
from evergreen.recipe import load_recipe
from evergreen.vision.training.batches import Side, augmented, batches, keys_of

RECIPE = load_recipe("garbage")
SIZE = (RECIPE.image.height, RECIPE.image.width)
IMAGES, CLASSES, BATCH, ROUNDS = 600, 6, 32, 3


def main() -> None:
    """Print images a second of each way, and the ratios."""
    with tempfile.TemporaryDirectory() as folder, Threads() as threads:
        root = Path(folder)
        _write(root / "photos")
        table = _table(root / "photos")
        began = time.perf_counter()
        ours = Ours(table, root, threads)
        print(f"{image_threads()} threads; cold, decoding {IMAGES} images into the cache: {_rate(began):,.0f} images/s")
        ways: dict[str, Callable[[], Iterator[Any]]] = {
            "ours": ours.epoch,
            "flow_from_directory": lambda: _generator(root / "photos"),
            "image_dataset_from_directory": lambda: _layers(root / "photos"),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for way in ways.values():
            _pass(way)  # warm
        for _ in range(ROUNDS):
            for name, way in ways.items():
                began = time.perf_counter()
                _pass(way)
                found[name].append(_rate(began))
    rates = {name: statistics.median(values) for name, values in found.items()}
    for name, rate in rates.items():
        print(f"{name}: {rate:,.0f} images/s, ours is {rates['ours'] / rate:.1f} times as fast")


class Ours:
    """An epoch as ``fit`` is given it."""

    def __init__(self, table: pd.DataFrame, root: Path, threads: Threads) -> None:
        self._threads = threads
        images = Images(lambda digest: Path(paths[digest]).read_bytes(), root / "cache")
        paths = dict(zip(table["sha256"], table["path"], strict=True))
        rows = images.rows(table, RECIPE.image)
        labels = np.eye(CLASSES, dtype=np.float32)[table["label"].astype(int)]
        self._side = Side(rows, labels, np.ones(len(rows), np.float32), keys_of(list(table["sha256"])))
        self._augmenter = Augmenter(RECIPE.augment, RECIPE.seed)
        self._epoch = 0

    def epoch(self) -> Iterator[Any]:
        """Yield the batches of the next epoch."""
        self._epoch += 1
        order = np.random.default_rng(self._epoch).permutation(len(self._side.rows))
        made = batches(self._side, BATCH, order, augmented(self._side, self._augmenter, self._epoch, self._threads))
        yield from (made[number] for number in range(len(made)))


def _pass(way: Callable[[], Iterator[Any]]) -> None:
    seen = sum(len(batch[0]) for batch in way())
    if seen != IMAGES:
        raise RuntimeError(f"expected {IMAGES} images, received {seen}")


def _generator(photos: Path) -> Iterator[Any]:
    settings = RECIPE.augment
    generator = ImageDataGenerator(
        rotation_range=settings.rotation, width_shift_range=settings.width_shift,
        height_shift_range=settings.height_shift, shear_range=settings.shear, zoom_range=settings.zoom,
        channel_shift_range=settings.channel_shift, horizontal_flip=settings.horizontal_flip,
        brightness_range=settings.brightness, fill_mode=settings.fill,
    )  # fmt: skip
    flow = generator.flow_from_directory(photos, target_size=SIZE, batch_size=BATCH, class_mode="categorical")
    yield from (flow[number] for number in range(len(flow)))


def _layers(photos: Path) -> Iterator[Any]:
    settings = RECIPE.augment
    layers = keras.Sequential(
        [
            keras.layers.RandomFlip("horizontal"),
            keras.layers.RandomRotation(settings.rotation / 360),
            keras.layers.RandomTranslation(settings.height_shift, settings.width_shift),
            keras.layers.RandomZoom(settings.zoom),
            keras.layers.RandomBrightness(0.2),
        ]
    )
    dataset = keras.utils.image_dataset_from_directory(
        photos, image_size=SIZE, batch_size=BATCH, label_mode="categorical", verbose=False
    )
    mapped = dataset.map(lambda x, y: (layers(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE)
    yield from mapped.prefetch(tf.data.AUTOTUNE)


def _write(photos: Path) -> None:
    """Write photo-like JPEGs of 400 pixels: smooth, with some grain."""
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        coarse = rng.integers(0, 256, (12, 12, 3), np.uint8)
        picture = cv2.resize(coarse, (400, 400), interpolation=cv2.INTER_CUBIC).astype(np.int16)
        picture += rng.integers(-8, 9, picture.shape, np.int16)
        path = photos / str(number % CLASSES) / f"{number:04d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture.clip(0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])


def _table(photos: Path) -> pd.DataFrame:
    paths = sorted(photos.rglob("*.jpg"))
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    return pd.DataFrame({"path": map(str, paths), "label": [path.parent.name for path in paths], "sha256": digests})


def _rate(began: float) -> float:
    return IMAGES / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
