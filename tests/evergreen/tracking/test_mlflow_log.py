"""evergreen.tracking: a real MLflow server is told of runs, once each; TensorBoard reads what is written for it."""

import dataclasses
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import requests
from mlflow import MlflowClient
from pydantic import ValidationError

from evergreen.errors import TrackingFailed
from evergreen.sections.release import Track
from evergreen.tracking import mlflow_log
from evergreen.tracking.mlflow_log import Told


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start MLflow's own server on loopback, with a database and a folder of its own."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder}/mlflow.db",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 600
    while True:
        try:
            requests.get(f"{address}/health", timeout=5).raise_for_status()
            break
        except requests.RequestException:
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.3)
    yield address
    os.killpg(process.pid, 15)
    process.wait(30)


@pytest.fixture
def told(tmp_path: Path, request: pytest.FixtureRequest, history: pd.DataFrame) -> Told:
    files = {}
    for name in ("model/model.keras", "model/best-val_accuracy.keras", "report.html", "exports/tfjs/model.json"):
        files[name] = tmp_path / name.replace("/", "-")
        files[name].write_text(name)
    # As MLflow keeps a file's own name, the file here must have it.
    for name, file in list(files.items()):
        files[name] = file.rename(_parent(tmp_path, name) / Path(name).name)
    return Told(
        recipe=request.node.name.replace("_", "-")[:40],
        run="20261121-000000-abcdef",
        model="ab" * 32,
        settings={"seed": 7, "train": {"phases": [{"epochs": 3}, {"epochs": 1}], "backbone": "cnn"}, "track": None},
        digests={"train": "ab" * 32, "split": "cd" * 32},
        dataset={"digest": "cd" * 32, "classes": ["cat", "dog"], "images.train": 30},
        history=history,
        metrics={"test": {"accuracy": 0.9, "loss": 0.3, "count": 10}},
        files=files,
    )


def _parent(root: Path, name: str) -> Path:
    folder = root / "named" / Path(name).parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_a_server_is_told_everything_once(server: str, told: Told) -> None:
    names = mlflow_log.tell(server, told)
    client = MlflowClient(tracking_uri=server)
    run = client.get_run(names["run_id"])
    assert run.info.status == "FINISHED"
    assert (run.data.tags["evergreen.run"], run.data.tags["evergreen.split"]) == (told.run, "cd" * 32)
    assert run.data.params["train.phases.1.epochs"] == "1"
    assert run.data.params["dataset.digest"] == "cd" * 32
    assert run.data.metrics["test_accuracy"] == 0.9
    losses = [(point.step, point.value) for point in client.get_metric_history(names["run_id"], "val_loss")]
    assert losses == [(1, 1.0), (2, 0.6), (3, 0.7)]
    assert {file.path for file in client.list_artifacts(names["run_id"])} == {"model", "report.html", "exports"}
    assert {file.path for file in client.list_artifacts(names["run_id"], "model")} == {
        "model/model.keras",
        "model/best-val_accuracy.keras",
    }
    assert mlflow_log.tell(server, told) == names
    assert len(client.search_model_versions(f"name = '{told.recipe}'")) == 1


def test_the_champion_is_an_alias_that_moves(server: str, told: Told) -> None:
    first = mlflow_log.tell(server, told)
    other = dataclasses.replace(told, model="ef" * 32, run="20261122-000000-abcdef")
    second = mlflow_log.tell(server, other)
    assert first["run_id"] != second["run_id"]
    client = MlflowClient(tracking_uri=server)
    for model, version in ((told.model, first["version"]), (other.model, second["version"])):
        assert mlflow_log.name_champion(server, told.recipe, model) == version
        assert str(client.get_model_version_by_alias(told.recipe, "champion").version) == version
    assert mlflow_log.name_champion(server, told.recipe, "00" * 32) is None
    assert str(client.get_model_version_by_alias(told.recipe, "champion").version) == second["version"]


def test_a_run_that_could_not_be_told_whole_is_told_again(server: str, told: Told) -> None:
    broken = dataclasses.replace(told, files={**told.files, "gone.txt": Path("/nowhere/gone.txt")})
    with pytest.raises(TrackingFailed, match="could not be told of the run"):
        mlflow_log.tell(server, broken)
    names = mlflow_log.tell(server, told)
    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name(told.recipe)
    assert experiment is not None
    statuses = {run.info.run_id: run.info.status for run in client.search_runs([experiment.experiment_id])}
    assert sorted(statuses.values()) == ["FAILED", "FINISHED"]
    assert statuses[names["run_id"]] == "FINISHED"


def test_a_database_file_keeps_its_artifacts_beside_it(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    mlflow_log.tell(f"sqlite:///{tmp_path}/track/mlflow.db", told)
    assert list((tmp_path / "track" / "mlartifacts").rglob("model.keras"))
    assert list(elsewhere.iterdir()) == []


def test_a_server_that_is_not_there_is_said_in_words(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingFailed, match=r"track\.mlflow: http://127\.0\.0\.1:9 could not be told"):
        mlflow_log.tell("http://127.0.0.1:9", told)


@pytest.mark.parametrize("uri", ["http://user:word@host/", "https://host/?token=abc", "file:///tmp", "mlruns"])
def test_addresses_with_secrets_and_of_other_kinds_are_refused(uri: str) -> None:
    with pytest.raises(ValidationError):
        Track(mlflow=uri)


def test_its_client_tells_its_makers_nothing(tmp_path: Path) -> None:
    code = f"""
from evergreen.tracking import mlflow_log
mlflow_log.name_champion("sqlite:///{tmp_path}/mlflow.db", "photos", "ab")
from mlflow.telemetry.client import get_telemetry_client
print(get_telemetry_client())
"""
    quiet = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "CI", "PYTEST_CURRENT_TEST")
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "None"
