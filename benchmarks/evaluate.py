"""Measure what evaluation costs beside the bare forward passes that it needs, turn by turn in one process.

    .venv/bin/python benchmarks/evaluate.py [ZIP_OF_PHOTOS]

Without a zip: scikit-learn's digits and a small CNN. With one: about 400 of its photos at 160 pixels, Lite0.
Bare: load the model, then ``predict_on_batch`` on batches of 64 that lie in memory, for as many images as evaluation
runs: all once, and the sample once for each change. Pixels are decoded before; weights are not trained, which costs the
same. Besides wall time, the processor time of all threads, which a busy machine disturbs less.
"""

import hashlib
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from evergreen.images.pixels import Images
from evergreen.recipe import Recipe, load_recipe
from evergreen.vision.evaluate import evaluate
from evergreen.vision.networks import build, runtime, saving

TURNS = 3
BATCH = 64
MOST = 400


def digits() -> list[tuple[str, bytes]]:
    """Return (label, PNG) of every digit."""
    found = load_digits()
    pictures = (found.images * 255 / 16).round().astype(np.uint8)
    return [
        (f"{label}", bytes(cv2.imencode(".png", one)[1])) for label, one in zip(found.target, pictures, strict=True)
    ]


def photos(archive: Path) -> list[tuple[str, bytes]]:
    """Return (folder, bytes) of images evenly chosen from a zip."""
    with zipfile.ZipFile(archive) as zipped:
        names = [name for name in zipped.namelist() if name.endswith((".jpg", ".png"))]
        return [(name.split("/")[-2], zipped.read(name)) for name in names[:: -(-len(names) // MOST)]]


def now() -> np.ndarray:
    """Return wall and processor seconds."""
    return np.array([time.monotonic(), time.process_time()])


def bare(model_file: Path, classes: list[str], pixels: np.ndarray, passes: int) -> np.ndarray:
    """Return the seconds, wall and processor, of loading a model and running it on so many images."""
    began = now()
    runtime.start()
    model = saving.load_to_run(model_file, classes)
    for start in range(0, passes, BATCH):
        at = np.arange(start, min(start + BATCH, passes)) % len(pixels)
        model.predict_on_batch(pixels[at])
    return now() - began


def measure(recipe: Recipe, labelled: list[tuple[str, bytes]], folder: Path) -> None:
    """Print both times and their ratio."""
    blobs = {hashlib.sha256(data).hexdigest(): data for _, data in labelled}
    sides = ["test" if number % 20 > 16 else "validation" if number % 20 > 13 else "train" for number in range(20)]
    rows = [
        (f"{number}", label, hashlib.sha256(data).hexdigest(), sides[number % 20])
        for number, (label, data) in enumerate(labelled)
    ]
    table = pd.DataFrame(rows, columns=["path", "label", "sha256", "split"])
    classes = sorted(set(table["label"]))
    images = Images(blobs.__getitem__, folder / "pixels", folder / "features")
    cached = images.rows(table, recipe.image)
    pixels = cached.gather(np.arange(len(cached)))
    runtime.start()
    saving.save(build.build(recipe.train, recipe.image, len(classes)), folder / "model.keras")
    ours, theirs = [], []
    for _ in range(TURNS):
        began = now()
        found = evaluate(table, images, classes, recipe, folder / "model.keras")
        ours.append(now() - began)
        passes = len(table) + sum(loss.count for loss in found.shortcuts)
        theirs.append(bare(folder / "model.keras", classes, pixels, passes))
    wall, processor = np.median(np.array(ours) / np.array(theirs), axis=0)
    print(
        f"{recipe.train.backbone}, {len(table)} images, {passes} passes: evaluate {np.median(ours, axis=0)[0]:.2f} s, "
        f"bare {np.median(theirs, axis=0)[0]:.2f} s, ratio {wall:.2f}, of processor time {processor:.2f}"
    )


def main() -> None:
    """Print one line."""
    with tempfile.TemporaryDirectory() as folder:
        if len(sys.argv) > 1:
            photo = load_recipe("garbage", ["image={height: 160, width: 160}", "train.backbone=EfficientNetLite0"])
            measure(photo, photos(Path(sys.argv[1])), Path(folder))
        else:
            measure(load_recipe("digits"), digits(), Path(folder))


if __name__ == "__main__":
    main()
