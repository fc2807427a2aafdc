"""evergreen.tracking.mlflow_sweep: a parent run and a run a trial, told once."""

from pathlib import Path

import made_sweeps
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from evergreen.errors import TrackingFailed
from evergreen.tracking import mlflow_sweep


def _runs(uri: str, name: str) -> dict[str, Run]:
    """Return number of a trial, or empty of a parent -> run."""
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    return {run.data.tags.get("evergreen.trial", ""): run for run in runs}


def test_a_sweep_is_a_run_with_a_run_a_trial_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    made = made_sweeps.grid()
    made["trials"].append(made_sweeps.trial(10, {}, 0, state="waiting"))
    names = mlflow_sweep.tell(uri, made)
    assert mlflow_sweep.tell(uri, made) == names
    runs = _runs(uri, names["experiment"])
    assert names["experiment"] == "tsel-sweeps"
    assert len(runs) == 11  # the parent and ten trials; none for the one that waits
    parent = runs.pop("")
    assert (parent.info.run_id, parent.info.status) == (names["run_id"], "FINISHED")
    assert parent.data.metrics["val_accuracy"] == pytest.approx(302 / 383, abs=1e-4)
    assert parent.data.tags["evergreen.next"] == made["next"]
    assert parent.data.params[f"over.{made_sweeps.BACKBONE}"] == "[MobileNetV2, EfficientNetB0]"
    assert parent.info.end_time - parent.info.start_time == 345_600
    assert {run.data.tags["mlflow.parentRunId"] for run in runs.values()} == {names["run_id"]}
    best = runs["7"]
    assert best.data.params == {made_sweeps.BACKBONE: "EfficientNetB0", made_sweeps.MAGNITUDE: "0.25"}
    assert best.data.metrics["val_accuracy"] == parent.data.metrics["val_accuracy"]  # of the kept epoch, not the last
    assert best.data.metrics["epochs/val_accuracy"] < best.data.metrics["val_accuracy"]
    assert (best.info.run_name, best.data.tags["evergreen.best"]) == (
        "trial 7 (backbone EfficientNetB0, magnitude 0.25)",
        "true",
    )
    curve = MlflowClient(tracking_uri=uri).get_metric_history(best.info.run_id, "epochs/val_loss")
    assert [point.step for point in curve] == list(range(1, 13))
    states = {number: (runs[number].info.status, runs[number].data.tags["evergreen.state"]) for number in "0479"}
    assert states == {
        "0": ("FINISHED", "reused"), "4": ("KILLED", "pruned"), "7": ("FINISHED", "trained"), "9": ("FAILED", "failed"),
    }  # fmt: skip
    assert "val_accuracy" not in runs["9"].data.metrics
    assert runs["9"].data.tags["evergreen.why"].startswith("TrainingDiverged")
    assert not any("evergreen.model" in run.data.tags for run in runs.values())  # no retraining is taken for told

    # One that could not be told whole is told again; a stranger's text is a value like another.
    seeds = [{"seed": 1, "val_accuracy": 0.7}, {"seed": 2, "val_accuracy": None}]
    hostile = made_sweeps.hostile() | {"id": "another"}
    first = hostile["trials"][0]
    layers = {"train.head.dense": [{"units": 64, "dropout": 0.25}]}
    hostile["trials"] = [first | {"seeds": seeds, "number": 0, "values": first["values"] | layers}]
    with pytest.raises(KeyError):
        mlflow_sweep.tell(uri, hostile | {"trials": [*hostile["trials"], {"state": "trained"}]})
    mlflow_sweep.tell(uri, hostile)
    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("tsel-sweeps")
    assert experiment is not None
    parents = client.search_runs([experiment.experiment_id], "tags.`evergreen.sweep` = 'another'")
    assert sorted(run.info.status for run in parents) == ["FAILED", "FINISHED"]
    (child,) = client.search_runs(
        [experiment.experiment_id],
        f"tags.`mlflow.parentRunId` = '{next(run.info.run_id for run in parents if run.info.status == 'FINISHED')}'",
    )
    assert child.data.params[made_sweeps.BACKBONE] == made_sweeps.HOSTILE[0]
    assert child.data.params["train.head.dense"] == "[{units: 64, dropout: 0.25}]"
    assert child.data.metrics["seeds/1"] == 0.7
    assert "seeds/2" not in child.data.metrics


def test_a_server_that_is_not_there_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingFailed, match=r"track\.mlflow: http://127\.0\.0\.1:9 could not be told of the sweep"):
        mlflow_sweep.tell("http://127.0.0.1:9", made_sweeps.single())
