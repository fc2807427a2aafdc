"""Measure accuracy and training time on real data, with the recipes of the reference systems.

    .venv/bin/python benchmarks/accuracy.py trashnet dataset-resized.zip [--before]
    .venv/bin/python benchmarks/accuracy.py chess Chessman-image-dataset.zip [--before]
    .venv/bin/python benchmarks/accuracy.py cifar10 cifar-10-images.zip
    .venv/bin/python benchmarks/accuracy.py cifar10-fast cifar-10-images.zip
    .venv/bin/python benchmarks/accuracy.py rockpaperscissors
    .venv/bin/python benchmarks/accuracy.py rockpaperscissors-lite
    .venv/bin/python benchmarks/accuracy.py new photos.zip [--fast] [--folds 0]

trashnet and chess: five folds by ``evergreen folds``, each image judged once by a network that saw neither it nor a
near-duplicate; ``--before`` has the settings from before Part 13 in their place, for the ratio of seconds. cifar10 and
cifar10-fast: ``evergreen retrain``, the dataset's own test images, the seeds of ``--seeds``. rockpaperscissors: drawn
hands; the data steps ran before, so that seconds are those of a retraining. new: what ``evergreen new`` writes for
photos of one's own, with nothing but defaults, in folds, or with ``--folds 0`` retrained from new to its end.
``--folds`` and ``--set`` change what is measured, and stand in the row.

Each row goes to ``rows.jsonl`` as it is known, with commit, processor and precision. A row that is there already, of
this commit and processor, is not measured again; ``--store`` keeps what is done of one, down to the epoch.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hands
from retraining import cross_validate, inspect, new, processor, retrain, seconds_of
from sklearn.metrics import f1_score

from evergreen.recipe import load_recipe
from evergreen.vision.networks.precision import precision_of
from runs.tables import read_table
from storage.store import Store

ROWS = Path(__file__).with_name("rows.jsonl")
LITE = "train.backbone=EfficientNetLite0"
PROGRAM = ("evergreen", "recipes", "tasks", "flows", "runs", "storage", "requirements.lock")
ONE_EXPORT = "export.formats=[tflite-float32]"
FOLDS = 5
# What was the best before Part 13: benchmarks/README.md says how it came to be.
TRASHNET_BEFORE = (
    "train.phases=[{unfreeze: none, epochs: 6, learning_rate: 1.0e-3, batch: 32}, {unfreeze: all, batch_norm: frozen, "
    "epochs: 15, learning_rate: 2.0e-4, decay: 0.85, batch: 32, early_stopping: {monitor: val_loss, patience: 6}}]",
)
CHESS_BEFORE = (
    "image={height: 224, width: 224}",
    "augment.horizontal_flip=true",
    "train.head={pooling: average, dense: [{units: 128, dropout: 0.5}]}",
    "train.phases=[{unfreeze: none, epochs: 12, learning_rate: 1.0e-3, batch: 16}, {unfreeze: 80, epochs: 12, "
    "learning_rate: 2.0e-4, decay: 0.85, batch: 16, early_stopping: {monitor: val_loss, patience: 6}}]",
)
WHATS = ("trashnet", "chess", "cifar10", "cifar10-fast", "rockpaperscissors", "rockpaperscissors-lite", "new")


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WHATS)
    parser.add_argument("archive", type=Path, nargs="?", default=Path("drawn"), help="not for rockpaperscissors")
    parser.add_argument("--set", action="append", default=[], dest="settings", help="also set this in the recipe")
    parser.add_argument("--before", action="store_true", help="with the settings from before Part 13")
    parser.add_argument("--fast", action="store_true", help="new --fast")
    parser.add_argument("--folds", type=int, default=FOLDS)
    parser.add_argument("--seeds", type=int, nargs="+", default=[42], help="of cifar10 and cifar10-fast")
    parser.add_argument("--store", type=Path, help="keep the store here: a stopped measurement goes on")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = arguments.store or Path(folder) / "store"
        for row in rows(arguments, store, Path(folder)):
            keep(row)


def keep(row: dict[str, Any]) -> None:
    """Write a row, now that it is known, and show it."""
    with ROWS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    print(json.dumps(row, indent=1), flush=True)


def rows(arguments: argparse.Namespace, store: Path, scratch: Path) -> Iterator[dict[str, Any]]:
    """Yield what is measured, each as it is known."""
    what, archive = arguments.what, arguments.archive.resolve()
    if what == "new":
        yield from own(arguments, archive, store, scratch)
        return
    if what in ("trashnet", "chess"):
        recipe, settings = folded(what, before=arguments.before)
        settings = (*settings, *arguments.settings)
        if about := to_do(what, recipe, settings, folds=arguments.folds):
            summary, wall = cross_validate(recipe, store, arguments.folds, *settings, source=archive)
            yield about | of_folds(summary) | {"wall": round(wall)}
        return
    drawn = what.startswith("rockpaperscissors")
    for seed in [42] if drawn else arguments.seeds:
        settings = (ONE_EXPORT, f"seed={seed}", *arguments.settings)
        if about := to_do(what, what, settings):
            if drawn:
                archive = scratch / "hands.zip"
                hands.write(archive, 150)
                inspect(what, store, archive)
            summary, wall = retrain(what, store, *settings, source=archive)
            yield about | of_test(store, summary) | {"wall": round(wall)}


def own(arguments: argparse.Namespace, archive: Path, store: Path, scratch: Path) -> Iterator[dict[str, Any]]:
    """Yield what is measured of the recipe that ``evergreen new`` writes."""
    preset = ("--fast",) if arguments.fast else ()
    began = new("own", store, archive, scratch, *preset)
    recipe = str(scratch / "recipes" / "own.yaml")
    more = {"recipe": f"new {archive.name} {' '.join(preset)}".strip()}
    settings = tuple(arguments.settings)
    if arguments.folds:
        if about := to_do("new", recipe, settings, folds=arguments.folds, **more):
            summary, wall = cross_validate(recipe, store, arguments.folds, *settings)
            yield about | of_folds(summary) | {"new_seconds": round(began), "wall": round(wall)}
        return
    for seed in arguments.seeds:
        given = (f"seed={seed}", *settings)
        if about := to_do("new", recipe, given, **more):
            summary, wall = retrain(recipe, store, *given)
            yield about | of_test(store, summary) | {"new_seconds": round(began), "wall": round(wall)}


def folded(what: str, *, before: bool) -> tuple[str, tuple[str, ...]]:
    """Return the recipe and the settings that its folds are measured with."""
    if what == "trashnet":
        own = (LITE, *TRASHNET_BEFORE) if before else ()
        return ("garbage" if before else "garbage-lite"), ("repair.classes=[]", *own)
    return ("chessman", (LITE, *CHESS_BEFORE)) if before else ("chessman-lite", ())


def to_do(what: str, recipe: str, settings: tuple[str, ...], /, **more: Any) -> dict[str, Any]:
    """Return what tells a row from others, or nothing if there is such a row."""
    about = {
        "what": what,
        "recipe": recipe,
        "settings": list(settings),
        "commit": commit(),
        "processor": processor(),
        "precision": precision_of(load_recipe(recipe, list(settings)).train),
        **more,
    }
    known = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()] if ROWS.exists() else []
    if any(about.items() <= row.items() for row in known) and not about["commit"].endswith("dirty"):
        print(f"{what} {settings}: measured already")
        return {}
    return about | {"at": datetime.now(UTC).isoformat(timespec="minutes")}


def commit() -> str:
    """Return which commit is measured, with ``-dirty`` if the program is not as it was committed."""
    git = shutil.which("git") or "git"
    named = subprocess.run([git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    changed = subprocess.run([git, "diff", "--quiet", "HEAD", "--", *PROGRAM], check=False).returncode
    return named.stdout.strip() + ("-dirty" if changed else "")


def of_folds(summary: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a cross-validation; seconds are those of training, without what is paid once."""
    found = summary["folds"]
    by_fold = [{name: row[name] for name in ("fold", "count", "accuracy", "seconds")} for row in found["by_fold"]]
    names = ("accuracy", "accuracy_low", "accuracy_high", "count", "macro_f1")
    return {name: found[name] for name in names if name in found} | {"by_fold": by_fold}


def of_test(store: Path, summary: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of a retraining."""
    opened = Store(store)
    digest = next(step["output"] for step in summary["steps"] if step["name"] == "evaluate")
    table = read_table(opened, opened.manifest(digest).ref(), "predictions.csv")
    metrics = summary["metrics"]
    test = table[table["split"] == ("test" if "test" in metrics else "validation")]
    numbers = {name: round(values["accuracy"], 4) for name, values in metrics.items() if "accuracy" in values}
    return {
        "accuracy": numbers,
        "count": len(test),
        "macro_f1": round(float(f1_score(test["label"], test["predicted"], average="macro")), 4),
        "seconds": seconds_of(summary),
        "ended": summary["training"]["words"],
    }


if __name__ == "__main__":
    main()
