"""Measure what the ladder of int8 tries, on every image of a dataset: agreement with Keras, accuracy, size, latency.

    .venv/bin/python benchmarks/int8.py digits
    .venv/bin/python benchmarks/int8.py trashnet dataset-resized.zip

trashnet is garbage's recipe with EfficientNet-Lite0, its backbone frozen: 30 epochs of a head on unchanged photos.
Every rung is tried, whether an earlier one reaches the bar or not; validation images choose what stays in float32, as
in the step export. Milliseconds are medians of one image alone, on one thread.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from retraining import processor, retrain

from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.recipe import parse_recipe
from evergreen.reports.markdown import markdown_table
from evergreen.vision.export import judge_of, material_of
from evergreen.vision.formats import tflite
from evergreen.vision.formats.catalogue.names import INT8
from evergreen.vision.formats.contract import Trained
from evergreen.vision.formats.quantizing.attempts import Attempt
from evergreen.vision.formats.quantizing.judge import Judge, answered
from evergreen.vision.formats.quantizing.ladder import Limit, rungs
from evergreen.vision.networks import saving
from runs.model_file import MODEL
from runs.tables import classes_of, read_table
from storage.store import Store

TRASHNET = (
    "repair.classes=[]",
    "augment={}",
    "balance={}",
    "train.backbone=EfficientNetLite0",
    "train.head={pooling: average, dropout: 0.2}",
    "train.views=1",
    "train.phases=[{unfreeze: none, epochs: 30, learning_rate: 2.0e-3, batch: 64, schedule: cosine}]",
    "evaluate={baseline_images: 0, shortcut_images: 0}",
)
COLUMNS = ("tried", "KiB", "agreement, all images", "agreement, test", "accuracy, test", "median ms", "s until then")


def main() -> None:
    """Train, or take up a store in which it was done, and print a row for everything that is tried."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("digits", "trashnet"))
    parser.add_argument("archive", type=Path, nargs="?", help="trashnet's zip")
    parser.add_argument("--store", type=Path, help="keep the store here; a training that is in it is not done again")
    arguments = parser.parse_args()
    if (arguments.what == "trashnet") != (arguments.archive is not None):
        parser.error("trashnet needs its archive, digits has none")
    settings = ("export={formats: [tflite-int8], int8: {minutes: 0}}",)
    with tempfile.TemporaryDirectory() as scratch:
        root = arguments.store or Path(scratch) / "store"
        if arguments.what == "digits":
            summary, _ = retrain("digits", root, *settings)
        else:
            summary, _ = retrain("garbage", root, *TRASHNET, *settings, source=arguments.archive.resolve())
        print(processor(), end="\n\n")
        measure(Store(root), summary, Path(scratch))


def measure(store: Store, summary: Mapping[str, Any], scratch: Path) -> None:
    """Print what every rung shows on all images of a run."""
    outputs = {step["name"]: step["output"] for step in summary["steps"]}
    dataset, model = (store.manifest(outputs[step]).ref() for step in ("split", "train"))
    recipe, classes = parse_recipe(summary["settings"], "run.json"), classes_of(store, model)
    store.materialise(model, scratch / "model")
    network = saving.load(scratch / "model" / MODEL, classes)
    table, images = read_table(store, dataset), Images(store.read_blob)
    material = material_of(table, images, recipe)
    trained = Trained(
        scratch / "model" / MODEL, network, scratch / "saved", classes, material.of(material.asked), recipe.image
    )
    rows = images.rows(table, recipe.image)
    everything = rows.gather(np.arange(len(rows)))
    keras, truth = pixels.scores(network, rows), pixels.targets(table["label"], classes)
    test = (table["split"] == "test").to_numpy()
    right = float((keras[test].argmax(axis=1) == truth[test]).mean())
    print(f"{len(table):,} images, {test.sum():,} of them test; Keras' accuracy on those {right:.2%}\n")
    began = time.monotonic()
    lines = []

    def row(how: str, data: bytes) -> None:
        until = time.monotonic() - began
        answers = answered(data, everything)
        same = answers.scores.argmax(axis=1) == keras.argmax(axis=1)
        accuracy = float((answers.scores[test].argmax(axis=1) == truth[test]).mean())
        milliseconds = float(np.median(answers.seconds)) * 1000
        cells = (
            f"{same.mean():.2%}",
            f"{same[test].mean():.2%}",
            f"{accuracy:.2%}",
            f"{milliseconds:.3g}",
            f"{until:.0f}",
        )
        lines.append((how, f"{len(data) / 1024:,.0f}", *cells))
        print(lines[-1], flush=True)

    judge: Judge = replace(judge_of(table, images, trained, recipe), min_agreement=2.0)  # nothing ends the search
    for name, quantization in (("tflite-float32", "none"), (INT8, "int8")):
        tflite.write(trained, scratch / name, quantization)  # type: ignore[arg-type]
        row(name, (scratch / name / tflite.FILE).read_bytes())
    asked = min(material.asked, material.available)
    tried: list[Attempt] = [judge.attempt((scratch / INT8 / tflite.FILE).read_bytes(), INT8, asked)]
    for data, attempt in rungs(trained, material, judge, Limit(600), tried):
        tried.append(attempt)
        row(attempt.how, data)
    print(markdown_table(COLUMNS, lines))


if __name__ == "__main__":
    main()
