"""evergreen folds: each fold is a record of its own, so a run that breaks off goes on; what is found is told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fold_craft import Craft
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

from commands.main import app
from evergreen.errors import TrainingDiverged
from flows.folds import folds
from runs.tables import PROBABILITIES, read_array, read_table
from runs.why import why
from storage.champions import Champions
from storage.store import Store
from tasks.model import fold as task

SETTINGS = ["repair.classes=[dark, bright]", "name=pets"]


@pytest.fixture
def craft(monkeypatch: pytest.MonkeyPatch) -> Craft:
    made = Craft()
    monkeypatch.setattr(task, "train_and_judge", made)
    return made


def test_a_fold_that_fails_leaves_those_before_it_and_every_image_is_judged_once(
    craft: Craft, photos: Path, tmp_path: Path, prefect_server: str
) -> None:
    root = tmp_path / "store"
    arguments = ("digits", SETTINGS, str(photos), str(root))
    craft.breaks_in = 2
    with pytest.raises(TrainingDiverged):
        folds(*arguments, folds=3)
    craft.breaks_in = 0
    summary = folds(*arguments, folds=3)
    assert craft.trained == [1, 2, 3]
    states = {step["name"]: step["state"] for step in summary["steps"]}
    assert [states[f"fold {number}"] for number in (1, 2, 3)] == ["reused", "ran", "ran"]
    assert not {"balance", "train", "export", "promote"} & set(states)
    assert summary["outcome"] == "cross-validated"
    assert Champions(root).current("pets") is None

    found, store = summary["folds"], Store(root)
    pooled = store.manifest(next(step["output"] for step in summary["steps"] if step["name"] == "folds")).ref()
    table = read_table(store, pooled, "predictions.csv")
    assert list(table.columns) == ["path", "label", "sha256", "fold", "predicted", "probability"]
    paths = sorted(f"{label}/{seed}.png" for label in ("dark", "bright") for seed in range(30))
    assert table["path"].tolist() == paths
    scores = read_array(store, pooled, PROBABILITIES)
    assert (scores.shape, scores.dtype) == ((60, 2), np.float32)
    assert [["dark", "bright"][index] for index in scores.argmax(axis=1)] == table["predicted"].tolist()
    assert found["accuracy"] == pytest.approx((table["label"] == table["predicted"]).mean())
    assert [(row["fold"], row["seconds"], row["features_seconds"]) for row in found["by_fold"]] == [
        (number, 12.5, 3.0) for number in (1, 2, 3)
    ]
    assert sum(row["count"] for row in found["by_fold"]) == found["count"] == 60
    assert [row["label"] for row in found["per_class"]] == ["dark", "bright"]
    assert json.loads((root / "runs" / summary["id"] / "run.json").read_text()) == summary
    assert why(store, "fold 3", summary["id"]).state == "ran"

    with get_client(sync_client=True) as client:
        keys = ArtifactFilter(key=ArtifactFilterKey(like_="pets-folds"))
        shown = client.read_artifacts(artifact_filter=keys)[0].data
        names = {run.name for run in client.read_task_runs()}
    assert found["words"] in shown
    assert "| 3 | " in shown
    assert any(name.startswith("fold 3 of 3: ") for name in names)

    told = _told("folds", "digits", "--folds", "3", *_options(photos, root))  # all is there: nothing is started
    assert craft.trained == [1, 2, 3]
    assert f"folds      {found['words']}" in told
    assert told.count(" s of training") == 3
    planned = _told("plan", "digits", *_options(photos, root), "--set", "evaluate.folds=3", "--json")
    plan = {step["name"]: step["state"] for step in json.loads(planned)["steps"]}
    assert {name for name, state in plan.items() if state == "reused"} >= {
        "deal",
        "fold 1",
        "fold 2",
        "fold 3",
        "folds",
    }
    assert "would run" in plan.values()  # the model's own training


def _options(photos: Path, root: Path) -> list[str]:
    settings = [part for one in SETTINGS for part in ("--set", one)]
    return [*settings, "--source", str(photos), "--store", str(root)]


def _told(*arguments: str) -> str:
    done: Any = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200", "PREFECT_API_URL": ""})
    assert done.exit_code == 0, done.output
    return str(done.stdout)
