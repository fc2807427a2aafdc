"""evergreen folds: each fold is a record of its own, so a run that breaks off goes on; what is found is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import typer
from dask_here import cluster_here
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from typer.testing import CliRunner

from commands.main import app
from commands.making import folds as command
from evergreen.cluster import Address, address_of
from evergreen.datasets.deal import sides
from evergreen.errors import BadInput, TrainingDiverged
from evergreen.recipe import Recipe
from evergreen.vision.fold import Fold
from evergreen.vision.train import Callbacks, Labelled, ModelFiles, Training
from flows.away import sending
from flows.folds import folds
from runs.away.origin import WrongStore
from runs.run import listener
from runs.tables import PROBABILITIES, read_array, read_table
from runs.why import why
from storage.champions import Champions
from storage.steps.records import Records
from storage.store import Store
from tasks.model import fold as task
from tasks.step import elsewhere

SETTINGS = ["repair.classes=[dark, bright]", "name=pets"]
ENDED = {"why": "epochs", "phases": [{"phase": 1, "epochs": 1, "of": 1, "midway": False, "why": "epochs"}]}


class Craft:
    """Stands in for the training of a fold: right about three images of four; breaks off where a test says so."""

    def __init__(self) -> None:
        self.trained: list[int] = []
        self.breaks_in = 0

    def __call__(
        self, labelled: Labelled, number: int, recipe: Recipe, files: ModelFiles, callbacks: Callbacks, given: list[Any]
    ) -> Fold:
        if number == self.breaks_in:
            raise TrainingDiverged("the loss became nan")
        self.trained.append(number)
        dataset, classes = labelled.dataset, labelled.classes
        judged = dataset[sides(dataset, number) == "test"].reset_index(drop=True)
        truth = judged["label"].map(classes.index).to_numpy()
        answers = np.where(np.arange(len(judged)) % 4 == 3, 1 - truth, truth)
        scores = np.where(np.eye(2)[answers] > 0, 0.75, 0.25).astype(np.float32)
        predictions = judged[["path", "label", "sha256"]].assign(
            predicted=[classes[index] for index in answers], probability=0.75
        )
        history = pd.DataFrame({"phase": [1], "epoch": [1], "loss": [0.5]})
        return Fold(predictions, scores, Training(history, ENDED, 12.5, 3.0))


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


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with cluster_here(workers=2) as address:
        yield address


def _outputs(summary: dict[str, Any]) -> dict[str, str]:
    return {step["name"]: step["output"] for step in summary["steps"]}


def test_on_a_cluster_every_table_is_as_it_is_here(
    craft: Craft,
    photos: Path,
    tmp_path: Path,
    prefect_server: str,
    shared_folder: str,
    scheduler: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = _outputs(folds("digits", SETTINGS, str(photos), str(tmp_path / "here"), folds=3))
    craft.trained.clear()

    monkeypatch.setenv("EVERGREEN_DASK", scheduler)
    common = ("digits", SETTINGS, str(photos), str(tmp_path / "common"))
    craft.breaks_in = 2
    with pytest.raises(TrainingDiverged):
        folds(*common, folds=3)
    assert sorted(craft.trained) == [1, 3], "one that fails ends none of the others"
    kept = {record.step: record.output.sha256 for record in Records(Store(tmp_path / "common")).all()}
    assert {step: kept.get(step) for step in here if step.startswith("fold ")} == {
        "fold 1": here["fold 1"],
        "fold 2": None,
        "fold 3": here["fold 3"],
    }
    craft.breaks_in = 0
    craft.trained.clear()

    worker = tmp_path / "worker"
    monkeypatch.setenv("EVERGREEN_STORE", str(worker))  # of whoever trains; the flow is told its own
    apart = ("digits", SETTINGS, str(photos), str(tmp_path / "apart"))
    with pytest.raises(WrongStore, match=r"EVERGREEN_REMOTE is not set: set it there, or unset EVERGREEN_STORE"):
        folds(*apart, folds=3)
    assert craft.trained == []
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    summary = folds(*apart, folds=3)
    assert _outputs(summary) == here
    assert sorted(craft.trained) == [1, 2, 3]
    assert summary["remote"]["problem"] == ""
    stores = Store(worker), Store(tmp_path / "apart")
    for step in ("fold 1", "fold 2", "fold 3"):
        artifact = stores[0].manifest(here[step]).ref()
        assert [store.damaged(artifact) for store in stores] == [[], []], "made there, and brought here"
    assert not (worker / "records").exists(), "a record is the sender's"
    assert stores[0].damaged(stores[1].manifest(here["unpack"]).ref()) == []


def test_folds_of_a_frozen_backbone_stay_here_in_turn_for_their_features_are_spread(
    craft: Craft, photos: Path, tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = list[str]()
    frozen = ["train.backbone=EfficientNetLite0", "train.cnn=[]", "train.phases=[{epochs: 1, unfreeze: none}]"]
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:9")  # nobody is there, and nobody is asked
    token = listener.set(_Hearing(notes))
    try:
        folds("digits", [*SETTINGS, *frozen], str(photos), str(tmp_path / "store"), folds=3)
    finally:
        listener.reset(token)
    assert craft.trained == [1, 2, 3]
    told = "is trained by this machine: its backbone stays frozen, and features are spread"
    assert [note for note in notes if told in note] == [f"fold {number} of 3 {told}" for number in (1, 2, 3)]


class _Hearing:
    def __init__(self, notes: list[str]) -> None:
        self.note = notes.append

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def test_what_the_option_says_goes_before_the_variable_for_folds_and_for_what_is_spread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:9")
    with sending("tcp://127.0.0.1:10"):
        assert address_of() == Address("tcp://127.0.0.1:10", "--on")
    assert address_of() == Address("tcp://127.0.0.1:9", "EVERGREEN_DASK")
    with sending("dask", 3):  # a cluster of this machine, for trainings alone: each would start one
        assert elsewhere.get() is not None
        assert address_of() == Address("tcp://127.0.0.1:9", "EVERGREEN_DASK")
    with pytest.raises(BadInput, match=r"^--on: expected tls:// beyond this machine"), sending("tcp://10.0.0.7:1"):
        pass


def test_the_command_refuses_an_address_as_a_sweep_does_and_hands_a_good_one_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = list[Any]()

    def run_flow(*given: Any) -> Any:
        ran.append(given)
        raise typer.Exit(3)

    monkeypatch.setattr(command, "run_flow", run_flow)

    def told(name: str, *arguments: str) -> Any:
        return CliRunner().invoke(app, [name, "digits", *arguments, "--store", str(tmp_path / "store")])

    over = ("--over", "train.head.dropout=[0.1, 0.2]")
    for address in ("tcp://10.0.0.7:8786", "nowhere"):
        refused = told("folds", "--on", address)
        assert (refused.exit_code, refused.output) == (2, told("sweep", *over, "--on", address).output)
        assert "try: " in refused.output
    assert ran == []
    assert told("folds", "--folds", "2", "--on", "dask").exit_code == 3
    ((name, _, options, *_),) = ran
    assert (name, options) == ("folds", {"folds": 2, "on": "dask"})


def test_without_the_variable_nothing_is_sent_and_a_wrong_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with sending():
        assert elsewhere.get() is None
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://10.0.0.7:8786")
    with pytest.raises(BadInput, match=r"^EVERGREEN_DASK: expected tls://"), sending():
        pass
    monkeypatch.setenv("EVERGREEN_DASK", "tcp://127.0.0.1:9")
    with sending():  # nobody is asked before something must be trained
        assert elsewhere.get() is not None
    assert elsewhere.get() is None
