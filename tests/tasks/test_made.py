"""tasks.made: a step that is done elsewhere leaves the record that a run would, and is done once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from toy_tasks import until
from trainings import inputs_of_train

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from runs import stopped
from runs.run import Run
from runs.stopped import Stopped
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store
from tasks import made as module
from tasks.locks import FlockLockManager
from tasks.made import made
from tasks.step import StepTask, execution_of, within

SUPPORT = Path(__file__).parents[1] / "support"


@pytest.fixture
def run(store: Store) -> Run:
    return Run.new(store, load_recipe("digits"))


def maker(store: Store, calls: list[KeyParts], name: str = "m") -> Callable[[KeyParts], Ref]:
    def make(parts: KeyParts) -> Ref:
        calls.append(parts)
        return store.publish("model", {"model.keras": name.encode()})

    return make


def test_what_was_made_is_there_with_all_that_its_key_stands_for(run: Run) -> None:
    inputs, calls = inputs_of_train(run.store), list[KeyParts]()
    record, known = made(run, "train", inputs, maker(run.store, calls))
    assert not known
    again, known_then = made(run, "train", inputs, maker(run.store, calls, "another"))
    assert (len(calls), known_then, again.output) == (1, True, record.output)
    assert run.records.read(record.key) == again
    assert (again.step, again.run, again.recipe) == ("train", run.id, "digits")
    assert again.inputs == {"split": inputs["dataset"].sha256, "balance": inputs["weights"].sha256}
    assert again.settings == load_recipe("digits").sections(BY_NAME["train"].recipe)
    assert again.seconds >= 0
    assert run.records.parts(again) == calls[0]
    assert all(run.store.blob_path(digest).exists() for digest in calls[0].code.values())
    run.store.blob_path(run.store.manifest(record.output.sha256).files["model.keras"].sha256).unlink()
    made(run, "train", inputs, maker(run.store, calls))
    assert len(calls) == 2, "its model was gone"


def test_what_it_raises_goes_through_leaves_no_record_and_lets_go_of_the_lock(run: Run) -> None:
    inputs, parts = inputs_of_train(run.store), list[KeyParts]()

    def breaks(given: KeyParts) -> Ref:
        parts.append(given)
        assert FlockLockManager(run.store.root / "locks").is_locked(given.key)
        raise ValueError("the training broke")

    with pytest.raises(ValueError, match="the training broke") as broke:
        made(run, "train", inputs, breaks)
    assert run.records.read(parts[0].key) is None
    assert not FlockLockManager(run.store.root / "locks").is_locked(parts[0].key)
    assert broke.traceback, "whoever keeps the exception keeps what held the lock"
    with pytest.raises(KeyError, match="no row of the step table is called 'trian'"):
        made(run, "trian", inputs, breaks)


def test_whoever_waits_for_another_s_training_ends_when_told_to(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HEEDS_EVERY_SECONDS", 0.05)
    inputs, calls = inputs_of_train(run.store), list[KeyParts]()
    key = execution_of(run, "train", inputs).parts.key
    other = FlockLockManager(run.store.root / "locks")
    assert other.acquire_lock(key, "another run")
    monkeypatch.setattr(stopped, "_heard", [signal.SIGTERM])
    with pytest.raises(Stopped):
        made(run, "train", inputs, maker(run.store, calls))
    monkeypatch.setattr(stopped, "_heard", [])
    found: list[bool] = []
    waits = threading.Thread(target=lambda: found.append(made(run, "train", inputs, maker(run.store, calls))[1]))
    waits.start()
    waits.join(0.3)
    assert calls == [], "it waits"
    other.release_lock(key, "another run")
    waits.join(30)
    assert (len(calls), found) == (1, [False])


_OTHER = """
import sys, time
from pathlib import Path
from trainings import inputs_of_train
from evergreen.recipe import load_recipe
from runs.run import Run
from storage.store import Store
from tasks.made import made

store, told = Store(Path(sys.argv[1])), Path(sys.argv[2])
def make(parts):
    told.write_text("makes")
    time.sleep(0.5)
    return store.publish("model", {"model.keras": b"theirs"})
made(Run(store, load_recipe("digits"), "other", "digits"), "train", inputs_of_train(store), make)
"""


def test_two_processes_do_not_both_make_it(run: Run, tmp_path: Path) -> None:
    paths = os.pathsep.join(map(str, (SUPPORT / "stores", SUPPORT.parents[1])))
    command = [sys.executable, "-c", _OTHER, str(run.store.root), str(tmp_path / "told")]
    calls: list[KeyParts] = []
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}) as other:
        until(tmp_path / "told", 60)
        record, known = made(run, "train", inputs_of_train(run.store), maker(run.store, calls))
        assert other.wait(30) == 0
    assert (calls, known, record.run) == ([], True, "other")
    assert run.store.read(record.output, "model.keras") == b"theirs"


def test_a_run_reuses_what_was_made_and_what_a_run_did_is_not_made_again(run: Run, prefect_server: str) -> None:
    calls: list[str] = []

    def fit(run: Run, dataset: Ref, weights: Ref) -> Ref:
        """Stand in for a training."""
        calls.append(run.id)
        return run.store.publish("model", {"model.keras": b"by a run"})

    task, inputs, makes = StepTask(BY_NAME["train"], fit, 0), inputs_of_train(run.store), list[KeyParts]()

    @flow
    def retrains(run: Run) -> Ref:
        return task(run, **inputs)

    record, _ = made(run, "train", inputs, maker(run.store, makes))
    later = Run.new(run.store, run.recipe)
    assert retrains(later) == record.output
    entry = later.journal.entries["train"]
    assert (calls, entry.state, entry.key, entry.reason) == ([], "reused", record.key, "nothing changed")
    states: dict[str, str | None] = {}
    deadline = time.monotonic() + 60
    with get_client(sync_client=True) as client:
        while states.get("train: nothing changed") != "Cached" and time.monotonic() < deadline:
            time.sleep(0.1)  # the server hears of it by and by
            states = {task_run.name: task_run.state_name for task_run in client.read_task_runs()}
    assert states["train: nothing changed"] == "Cached"

    other = Run.new(run.store, load_recipe("digits", ["train.phases.0.epochs=3"]))
    output = retrains(other)
    assert calls == [other.id]
    record, known = made(other, "train", inputs, maker(run.store, makes))
    assert (known, record.output, len(makes)) == (True, output, 1)


def test_within_a_call_what_is_written_is_of_it(run: Run) -> None:
    inputs = inputs_of_train(run.store)
    execution = execution_of(run, "train", inputs)
    with within(execution):
        from tasks.step import parts_of_this_step

        assert parts_of_this_step() == execution.parts
    with pytest.raises(LookupError):
        parts_of_this_step()
