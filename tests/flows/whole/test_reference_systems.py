"""The recipes of the five reference systems, end to end and tiny: from their archives to verified exports."""

import json
from pathlib import Path
from typing import Any

import pytest
import reference_archives as archives
from command import Command

from runs.tables import read_table
from storage.store import Store

# What makes each tiny; no tracker, and the weights of keras.applications are not here.
TINY = ("track={}", "image={height: 32, width: 32}")
LITE = ("train.backbone=EfficientNetLite0",)
SYSTEMS = {
    "rockpaperscissors": (archives.rockpaperscissors({"paper": 30, "rock": 31, "scissors": 32}), "rps.zip", ()),
    "cifar10": (archives.cifar10(20, 5), "cifar.zip", ("train.phases.0.epochs=2",)),
    "cifar10-mobilenetv2": (archives.cifar10(20, 5), "cifar.zip", ("train.weights=none", "train.phases.0.epochs=1")),
    "garbage": (archives.garbage(20, 2), "garbage.zip", (*LITE, "train.phases.0.epochs=2")),
    "tsel": (
        archives.tsel(30, 5, 4), "tsel.zip", (*LITE, "train.phases.0.epochs=2", "train.phases.1.epochs=1"),
    ),
    "chessman": (archives.chessman(20), "chess.tar.gz", (*LITE, "train.phases.0.epochs=2")),
}  # fmt: skip


def epochs_of(root: Path, summary: dict[str, Any]) -> int:
    store = Store(root)
    [digest] = [step["output"] for step in summary["steps"] if step["name"] == "train"]
    return len(read_table(store, store.manifest(digest).ref(), "history.csv"))


@pytest.mark.soak
@pytest.mark.parametrize("name", SYSTEMS)
def test_it_runs_from_its_archive_to_verified_exports(name: str, tmp_path: Path, prefect_server: str) -> None:
    files, archive, options = SYSTEMS[name]
    if name == "rockpaperscissors":
        options = ("train.phases.0.epochs=3", "train.stop_when={accuracy: 0.1, val_accuracy: 0.1}")
    source = archives.write(tmp_path / archive, files)
    command = Command(tmp_path / "store")
    settings = [part for value in (*TINY, *options) for part in ("--set", value)]
    done = command("retrain", name, "--json", "--source", str(source), *settings, server=prefect_server)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert {step["state"] for step in summary["steps"]} == {"ran"}
    for export in summary["exports"]:
        assert export["verified"] != "failed" or "int8" in export["format"], export
    if name == "rockpaperscissors":
        assert epochs_of(command.root, summary) == 1, "its thresholds, lowered, stop it before the third epoch"
    again = command("retrain", name, "--json", "--source", str(source), *settings, server=prefect_server)
    assert {step["state"] for step in json.loads(again.stdout)["steps"]} == {"reused"}
