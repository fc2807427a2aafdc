"""evergreen sweep: trials are trainings that a retraining finds, judged by validation, and told while they run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

from commands.main import app
from flows.sweep import sweep
from runs.run import listener
from storage.champions import Champions

TINY = [
    "name=pets",
    "repair.classes=[dark, bright]",
    "image={height: 8, width: 8}",
    "train.cnn=[{filters: 4}]",
    "train.phases=[{epochs: 2, batch: 16, learning_rate: 0.01}]",
    "train.precision=float32",
]
UNITS = "train.head.dense.0.units"


class Heard:
    """What a terminal would hear."""

    def __init__(self) -> None:
        self.states: list[list[str]] = []

    def sweep(self, found: Any) -> None:
        self.states.append([trial["state"] for trial in found["trials"]])

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def _told(*arguments: str) -> str:
    done: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "PREFECT_API_URL": ""})
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_trials_are_trainings_that_a_retraining_finds(photos: Path, tmp_path: Path, prefect_server: str) -> None:
    root, heard = tmp_path / "store", Heard()
    asked = {"recipe": "digits", "set": TINY, "over": {UNITS: [4, 8]}}
    token = listener.set(heard)  # type: ignore[arg-type]
    try:
        summary = sweep("units", asked, str(photos), str(root))
    finally:
        listener.reset(token)
    assert summary["outcome"] == "swept"
    assert [entry["name"] for entry in summary["steps"]][-1] == "balance"
    assert not summary["metrics"], "no model is judged by test images"
    folder = root / "runs" / summary["id"]
    found = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    assert [(trial["values"], trial["state"], trial["epochs"]) for trial in found["trials"]] == [
        ({UNITS: 4}, "trained", 2),
        ({UNITS: 8}, "trained", 2),
    ]
    best = found["trials"][found["best"]]
    assert best["val_accuracy"] == max(trial["val_accuracy"] for trial in found["trials"])
    assert best["val_accuracy"] == best["history"][best["epoch"] - 1]["val_accuracy"]
    assert found["lead"]["low"] is not None, "both were asked about every validation image"
    assert summary["sweep"]["values"] == best["values"]
    assert found["lead"]["words"][1:] in (folder / "sweep.html").read_text(encoding="utf-8")
    assert ["running", "waiting"] in heard.states
    assert heard.states[-1] == ["trained", "trained"]
    assert Champions(root).current("pets") is None

    with get_client(sync_client=True) as client:
        keys = ArtifactFilter(key=ArtifactFilterKey(like_="pets-sweep"))
        assert {artifact.key for artifact in client.read_artifacts(artifact_filter=keys)} == {
            "pets-sweep",
            "pets-sweep-trials",
        }
        assert len(client.read_artifacts(artifact_filter=keys)) == 2, "written anew, not once more"
        names = {run.name for run in client.read_task_runs()}
    assert {"trial 0 (units 4)", "trial 1 (units 8)"} <= names

    options = ["--source", str(photos), "--store", str(root), *(part for one in TINY for part in ("--set", one))]
    again = _told("sweep", "digits", "--over", f"{UNITS}=[4, 8]", *options, "--json")  # all is there: nothing starts
    assert json.loads(again)["sweep"]["trials"] == {"reused": 2}
    planned = json.loads(_told("plan", "digits", *options, "--set", f"{UNITS}={best['values'][UNITS]}", "--json"))
    states = {step["name"]: (step["state"], step["output"]) for step in planned["steps"]}
    assert states["train"] == ("reused", best["seeds"][0]["model"])
    assert states["evaluate"][0] == "would run"

    more = sweep("units", asked | {"over": {UNITS: [4, 8, 12]}}, str(photos), str(root))["sweep"]
    assert more["trials"] == {"reused": 2, "trained": 1}
