"""Measure what Grad-CAM costs beside the answers themselves: every test image of TrashNet, in one run.

    .venv/bin/python benchmarks/explain.py dataset-resized.zip [--rounds 3]

The network is garbage-lite's, EfficientNet-Lite0 at 224 pixels with ImageNet's weights; its head has random ones, which
cost the same. As many images as the recipe's test split has are answered in batches of 64, as ``evaluate`` does it, and
then explained from pixels on, without any of what answering them had computed. Graphs are built before the clock runs;
the two take turns, and the medians are held against each other.
"""

import argparse
import statistics
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np

from evergreen.images import pixels
from evergreen.images.rows import Rows
from evergreen.recipe import load_recipe
from evergreen.vision.explaining.grad_cam import grad_cam
from evergreen.vision.explaining.parts import parts_of
from evergreen.vision.networks import batch_norm, build, runtime

CLASSES = 6


def main() -> None:
    """Print seconds of both and their ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("archive", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    recipe = load_recipe("garbage-lite")
    images = _test_images(arguments.archive, recipe.split.test, recipe.image)
    runtime.start(recipe.seed)
    model = build.build(recipe.train, recipe.image, CLASSES)
    batch_norm.fuse(model)
    parts = parts_of(model)
    if parts is None:
        raise SystemExit("expected a network with a last feature map")
    rows = Rows.of(images)
    answers = pixels.scores(model, rows).argmax(axis=1)
    grad_cam(parts, images, answers)
    seconds: dict[str, list[float]] = {"answered": [], "explained": []}
    for _ in range(arguments.rounds):
        for name, work in (
            ("answered", lambda: pixels.scores(model, rows)),
            ("explained", lambda: grad_cam(parts, images, answers)),
        ):
            began = time.monotonic()
            work()
            seconds[name].append(time.monotonic() - began)
    middle = {name: statistics.median(found) for name, found in seconds.items()}
    for name, found in seconds.items():
        each = ", ".join(f"{one:.1f}" for one in found)
        print(f"{len(images)} images {name}: {middle[name]:.2f} s ({each})")
    print(f"ratio {middle['explained'] / middle['answered']:.2f}")


def _test_images(archive: Path, share: float, image: object) -> np.ndarray:
    """Return that share of an archive's JPEGs, evenly over it, as the network takes them."""
    with zipfile.ZipFile(archive) as zipped:
        names = sorted(name for name in zipped.namelist() if name.endswith(".jpg") and "__MACOSX" not in name)
        some = [names[at] for at in np.linspace(0, len(names) - 1, round(len(names) * share)).round().astype(int)]
        decoded = (cv2.imdecode(np.frombuffer(zipped.read(name), np.uint8), cv2.IMREAD_COLOR) for name in some)
        return np.stack([pixels.resize(np.ascontiguousarray(one[:, :, ::-1]), image) for one in decoded])


if __name__ == "__main__":
    main()
