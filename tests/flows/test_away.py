"""flows.away: folds on a cluster give what they give here, with a store in common and with stores of their own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clusters import cluster_here
from fold_craft import Craft

from evergreen.errors import BadInput, TrainingDiverged
from flows.away import sending
from flows.folds import folds
from runs.away.origin import WrongStore
from storage.store import Store
from tasks.model import fold as task
from tasks.step import elsewhere

SETTINGS = ["repair.classes=[dark, bright]", "name=pets"]


@pytest.fixture
def craft(monkeypatch: pytest.MonkeyPatch) -> Craft:
    made = Craft()
    monkeypatch.setattr(task, "train_and_judge", made)
    return made


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
    craft.breaks_in = 0
    assert _outputs(folds(*common, folds=3)) == here
    assert sorted(craft.trained) == [1, 2, 3]
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
