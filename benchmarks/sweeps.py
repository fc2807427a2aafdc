"""Measure what a sweep costs beside a single training, on real photos and on the digits.

    .venv/bin/python benchmarks/sweeps.py heads dataset-resized.zip
    .venv/bin/python benchmarks/sweeps.py magnitudes dataset-resized.zip
    .venv/bin/python benchmarks/sweeps.py workers

heads: 24 trials of head, dropout and learning rate on the kept features of a frozen EfficientNet-Lite0 at 160 pixels,
without and with pruning, beside the step ``train`` of one retraining, and the same sweep asked again; all cold but for
the steps of the data. magnitudes: five strengths of augmentation by three heads. workers: eight trials of the digits'
CNN on two Dask workers of one thread and on one (``make setup EXTRAS=dask``).

Each row goes to ``rows.jsonl``, as those of ``accuracy.py`` do.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from accuracy import ONE_EXPORT, keep, to_do
from retraining import inspect, retrain, seconds_of, sweep

FOUND = "repair.classes=[]"  # the classes of the folders, in place of those that the recipe declares
# Reference system 4's first phase: the backbone frozen, 24 epochs.
FROZEN = (
    FOUND,
    "image={height: 160, width: 160}",
    "train.phases=[{unfreeze: none, epochs: 24, learning_rate: 2.0e-3, batch: 64, schedule: cosine}]",
)
HEADS = (
    "--over=train.head.dense=[[], [{units: 128}]]",
    "--over=train.head.dropout=[0, 0.3, 0.5]",
    "--over=train.phases.0.learning_rate=[0.0002, 0.001, 0.004, 0.016]",
)
ALONE = (*FROZEN, "augment={magnitude: 0.2}")  # which sets the recipe's other strengths
MAGNITUDES = (
    "--over=augment.magnitude=[0.05, 0.15, 0.3, 0.4, 0.5]",
    "--over=train.head.dense=[[], [{units: 64}], [{units: 256}]]",
)
RATES = "--over=train.phases.0.learning_rate=[0.0003, 0.0005, 0.0008, 0.001, 0.0015, 0.002, 0.003, 0.004]"


def main() -> None:
    """Measure what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("heads", "magnitudes", "workers"))
    parser.add_argument("archive", type=Path, nargs="?", help="photos, but for workers")
    parser.add_argument("--store", type=Path, help="keep the stores in this folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.store or Path(scratch)
        archive = arguments.archive and arguments.archive.resolve()
        row = {"heads": heads, "magnitudes": magnitudes, "workers": workers}[arguments.what](archive, folder)
    if row:
        keep(row)


def heads(archive: Path, folder: Path) -> dict[str, Any]:
    """Return the seconds of 24 trials without and with pruning, asked again, and of one training."""
    if not (about := to_do("sweep heads", "garbage-lite", FROZEN)):
        return {}
    inspect("garbage-lite", folder / "data", archive, FOUND)
    once, all_of_them, pruned = (_copied(folder, name) for name in ("once", "whole", "pruned"))
    single, _ = retrain("garbage-lite", once, *FROZEN, ONE_EXPORT, source=archive)
    train = seconds_of(single)["train"]
    whole, wall = sweep("garbage-lite", all_of_them, *FROZEN, source=archive, options=HEADS)
    _, again = sweep("garbage-lite", all_of_them, *FROZEN, source=archive, options=HEADS)
    halving = (*HEADS, "--prune=successive-halving")
    halved, halved_wall = sweep("garbage-lite", pruned, *FROZEN, source=archive, options=halving)
    numbers = {"train": train, "sweep": wall, "again": again, "pruned": halved_wall}
    ratios = {"sweep": wall / train, "pruned": halved_wall / train, "pruned_to_whole": halved_wall / wall}
    return about | {
        "seconds": {name: round(value, 1) for name, value in numbers.items()},
        "ratios": {name: round(value, 2) for name, value in ratios.items()},
        "whole": _found(all_of_them, whole),
        "pruned": _found(pruned, halved),
    }


def magnitudes(archive: Path, folder: Path) -> dict[str, Any]:
    """Return the seconds of five magnitudes by three heads."""
    if not (about := to_do("sweep magnitudes", "garbage-lite", ALONE)):
        return {}
    inspect("garbage-lite", folder / "data", archive, FOUND)
    store = _copied(folder, "magnitudes")
    summary, wall = sweep("garbage-lite", store, *ALONE, source=archive, options=MAGNITUDES)
    return about | {"seconds": {"sweep": round(wall, 1)}, "whole": _found(store, summary)}


def workers(archive: Path | None, folder: Path) -> dict[str, Any]:
    """Return the seconds of eight trials on one and on two workers of one thread."""
    if not (about := to_do("sweep workers", "digits", ("train.threads=1",))):
        return {}
    inspect("digits", folder / "data", archive)
    walls, last = {}, None
    for count in (1, 2):
        store = _copied(folder, f"workers-{count}")
        options = (RATES, "--on=dask", f"--parallel={count}")
        summary, walls[count] = sweep("digits", store, "train.threads=1", options=options)
        last = _found(store, summary)
    return about | {
        "seconds": {f"workers {count}": round(wall, 1) for count, wall in walls.items()},
        "ratios": {"two to one": round(walls[1] / walls[2], 2)},
        "whole": last,
    }


def _copied(folder: Path, name: str) -> Path:
    """Return a store that holds the steps of the data and nothing else."""
    return Path(shutil.copytree(folder / "data", folder / name, symlinks=True))


def _found(store: Path, summary: dict[str, Any]) -> dict[str, Any]:
    """Return who won, and each trial's values, accuracy, seconds and state."""
    page = json.loads((store / "runs" / summary["id"] / "sweep.json").read_text(encoding="utf-8"))
    names = ("number", "values", "state", "val_accuracy", "epochs", "seconds")
    trials = [{name: trial.get(name) for name in names} for trial in page["trials"]]
    return {"best": page["best"], "lead": page.get("lead"), "trials": trials}


if __name__ == "__main__":
    main()
