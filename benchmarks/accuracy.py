"""Measure accuracy on real data, with the recipes of the reference systems and EfficientNet-Lite0.

    .venv/bin/python benchmarks/accuracy.py trashnet dataset-resized.zip
    .venv/bin/python benchmarks/accuracy.py chess Chessman-image-dataset.zip
    .venv/bin/python benchmarks/accuracy.py cifar10 cifar-10-images.zip
    .venv/bin/python benchmarks/accuracy.py rockpaperscissors

TrashNet: garbage's recipe, 70/15/15, three seeds, each with a split of its own. TrashNet has an eighth of the images
that the recipe was made for, so more layers learn, more slowly, over a falling rate; ``--set`` may undo that. Chess:
five folds, each image judged once by a model that did not see it; accuracy is pooled over all. The frozen
ResNet152V2 of the recipe becomes Lite0 at its own 224 pixels with a smaller head, fine-tuned. Every run is cold.
"""

import argparse
import statistics
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hands
import numpy as np
import pandas as pd
from retraining import retrain, seconds_of
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, train_test_split

from runs.tables import read_table
from storage.store import Store

SEEDS = (42, 1, 2)
FOLDS = 5
LITE = "train.backbone=EfficientNetLite0"
SMALLER = (
    "train.phases=[{unfreeze: none, epochs: 6, learning_rate: 1.0e-3, batch: 32}, {unfreeze: all, batch_norm: frozen, "
    "epochs: 15, learning_rate: 2.0e-4, decay: 0.85, batch: 32, early_stopping: {monitor: val_loss, patience: 6}}]",
)
CHESS = (
    "image={height: 224, width: 224}",
    "augment.horizontal_flip=true",
    "train.head={pooling: average, dense: [{units: 128, dropout: 0.5}]}",
    "train.phases=[{unfreeze: none, epochs: 12, learning_rate: 1.0e-3, batch: 16}, {unfreeze: 80, epochs: 12, "
    "learning_rate: 2.0e-4, decay: 0.85, batch: 16, early_stopping: {monitor: val_loss, patience: 6}}]",
)
ONE_EXPORT = "export.formats=[tflite-float32]"


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("trashnet", "chess", "cifar10", "rockpaperscissors"))
    parser.add_argument("archive", type=Path, nargs="?", default=Path("drawn"), help="not for rockpaperscissors")
    parser.add_argument("--set", action="append", default=[], dest="settings", help="also set this in the recipe")
    parser.add_argument("--store", type=Path, help="keep the store here, to look at the runs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = arguments.store or Path(folder) / "store"
        measures = {"trashnet": trashnet, "chess": chess, "cifar10": cifar10, "rockpaperscissors": rockpaperscissors}
        measures[arguments.what](arguments.archive.resolve(), store, Path(folder), arguments.settings)


def trashnet(archive: Path, store: Path, _: Path, settings: list[str]) -> None:
    """Print test accuracy and macro F1 of each seed, and their means."""
    found = []
    for seed in SEEDS:
        summary, wall = retrain(
            "garbage", store / str(seed), LITE, ONE_EXPORT, *SMALLER, "repair.classes=[]", f"seed={seed}", *settings,
            source=archive,
        )  # fmt: skip
        test = judged(store / str(seed), summary)
        found.append((_accuracy(test), f1_score(test["label"], test["predicted"], average="macro")))
        _say(f"seed {seed}", summary, wall, *found[-1])
    accuracy, f1 = (statistics.mean(values) for values in zip(*found, strict=True))
    print(f"mean of {len(SEEDS)} seeds: test accuracy {accuracy:.2%}, macro F1 {f1:.4f}")


def chess(archive: Path, store: Path, scratch: Path, settings: list[str]) -> None:
    """Print accuracy of each fold, and pooled over all of them."""
    parts = []
    for number, source in enumerate(folds(archive, scratch), start=1):
        summary, wall = retrain(
            "chessman", store / str(number), LITE, ONE_EXPORT, "split={method: predefined, validation: 0, test: 0}",
            *CHESS, *settings, source=source,
        )  # fmt: skip
        parts.append(judged(store / str(number), summary))
        f1 = f1_score(parts[-1]["label"], parts[-1]["predicted"], average="macro")
        _say(f"fold {number}", summary, wall, _accuracy(parts[-1]), f1)
    pooled = pd.concat(parts)
    f1 = f1_score(pooled["label"], pooled["predicted"], average="macro")
    print(f"pooled over {FOLDS} folds: accuracy {_accuracy(pooled):.2%} of {len(pooled)} images, macro F1 {f1:.4f}")


def cifar10(archive: Path, store: Path, _: Path, settings: list[str]) -> None:
    """Print the accuracies of the recipe as it is."""
    summary, wall = retrain("cifar10", store, ONE_EXPORT, *settings, source=archive)
    test = judged(store, summary)
    _say("cifar10", summary, wall, _accuracy(test), f1_score(test["label"], test["predicted"], average="macro"))


def rockpaperscissors(_: Path, store: Path, scratch: Path, settings: list[str]) -> None:
    """Print when the recipe's own thresholds stopped the training, on drawn hands."""
    hands.write(scratch / "hands.zip", 150)
    summary, wall = retrain("rockpaperscissors", store, ONE_EXPORT, *settings, source=scratch / "hands.zip")
    history = table_of(store, summary, "train", "history.csv")
    last = history.iloc[-1]
    print(
        f"rockpaperscissors: stopped after epoch {len(history)} of 50 with accuracy {float(last['accuracy']):.2%} and "
        f"validation accuracy {float(last['val_accuracy']):.2%}; {wall:.0f} s in all"
    )


def folds(archive: Path, scratch: Path) -> Iterator[Path]:
    """Yield a folder a fold: train, validation (a tenth of the rest) and test, each with a folder a class."""
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(scratch / "images")
    images = sorted(path for path in (scratch / "images").rglob("*") if path.is_file())
    labels = np.array([path.parent.name for path in images])
    order = StratifiedKFold(FOLDS, shuffle=True, random_state=42).split(images, labels)
    for number, (rest, held_out) in enumerate(order, start=1):
        learned, watched = train_test_split(rest, test_size=0.1, stratify=labels[rest], random_state=number)
        source = scratch / f"fold{number}"
        for subset, positions in (("train", learned), ("validation", watched), ("test", held_out)):
            for position in positions:
                target = source / subset / labels[position] / images[position].name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.hardlink_to(images[position])
        yield source


def judged(store: Path, summary: dict[str, Any]) -> pd.DataFrame:
    """Return the predictions on the test images of a run: label, predicted, probability."""
    predictions = table_of(store, summary, "evaluate", "predictions.csv")
    return predictions[predictions["split"] == "test"]


def table_of(store: Path, summary: dict[str, Any], step: str, name: str) -> pd.DataFrame:
    """Return a table that a step of a run published."""
    opened = Store(store)
    digest = next(entry["output"] for entry in summary["steps"] if entry["name"] == step)
    return read_table(opened, opened.manifest(digest).ref(), name)


def _accuracy(predictions: pd.DataFrame) -> float:
    return float((predictions["label"] == predictions["predicted"]).mean())


def _say(name: str, summary: dict[str, Any], wall: float, accuracy: float, f1: float) -> None:
    metrics = summary["metrics"]
    others = ", ".join(f"{split} {metrics[split]['accuracy']:.2%}" for split in ("validation", "train"))
    training = seconds_of(summary)["train"]
    print(
        f"{name}: test accuracy {accuracy:.2%} of {metrics['test']['count']}, macro F1 {f1:.4f} ({others}); "
        f"{wall:.0f} s in all, training {training:.0f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
