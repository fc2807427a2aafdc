"""runs.stopped: a run that was stopped says so, what is kept, and how to go on."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prefect.exceptions import TerminationSignal

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision.training.checkpoint import Checkpoints
from runs.kept.checkpoints import folder_of
from runs.keys import key_parts
from runs.run import Entry, Run
from runs.stopped import Stopped, go_on_unless_told, how_it_stopped, listening, stopped_by
from storage.store import Store


def _in_the_wake_of(stop: BaseException) -> BaseException:
    """Return what fails while a stop is dealt with, as a server's client does whose server was stopped too."""
    try:
        try:
            raise stop
        except BaseException:  # noqa: BLE001 - as libraries do
            raise ConnectionRefusedError(111, "Connection refused")  # noqa: B904
    except ConnectionRefusedError as error:
        return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Stopped(signal.SIGTERM), signal.SIGTERM),
        (TerminationSignal(signal=signal.SIGTERM), signal.SIGTERM),
        (KeyboardInterrupt(), signal.SIGINT),
        (_in_the_wake_of(TerminationSignal(signal=signal.SIGTERM)), signal.SIGTERM),
        (_in_the_wake_of(KeyboardInterrupt()), signal.SIGINT),
        (_in_the_wake_of(ValueError("the true reason")), None),
        (ConnectionRefusedError(111, "Connection refused"), None),
        (SystemExit(1), None),
    ],
    ids=repr,
)
def test_what_stopped_a_run_is_found_behind_what_failed_in_its_wake(error: BaseException, expected: Any) -> None:
    assert stopped_by(error) == expected


def _run(store: Store, *entries: Entry) -> Run:
    run = Run(store, load_recipe("digits"), "a-run", "digits")
    for entry in entries:
        run.journal.add(entry)
    return run


@pytest.mark.parametrize(
    ("epochs", "batch", "expected"),
    [
        (0, 0, "the steps before it are kept"),
        (1, 0, "1 epoch is kept"),
        (12, 0, "12 epochs are kept"),
        (12, 3, "12 epochs and a part of the next are kept"),
    ],
)
@pytest.mark.parametrize("limit", [None, 30])
def test_a_stopped_training_says_how_many_epochs_are_kept(
    store: Store, epochs: int, batch: int, expected: str, limit: int | None
) -> None:
    recipe = load_recipe("digits", [f"train.time_limit_minutes={limit}"] if limit else [])
    inputs = {name: store.publish(name, {"dataset.csv": b""}) for name in BY_NAME["train"].inputs}
    parts = key_parts(BY_NAME["train"], recipe, store, inputs)
    if epochs:
        store.put_blob(parts.canonical())  # as a step does before its body
        facts = {"course": {"history": [{}] * epochs}, "batch": batch}
        Checkpoints(folder_of(store, parts)).save(1, facts, {"weights": [np.zeros(1)]})
    run = _run(store, Entry("balance", "ran", "first run"), Entry("train", "stopped", "by SIGTERM", key=parts.key))
    said = how_it_stopped(run, Stopped(signal.SIGTERM))
    assert said == f"stopped by SIGTERM in train; {expected}, the same command goes on from there"


def test_a_training_that_was_stopped_in_its_teachers_says_what_is_kept(store: Store) -> None:
    inputs = {name: store.publish(name, {"dataset.csv": b""}) for name in BY_NAME["train"].inputs}
    parts = key_parts(BY_NAME["train"], load_recipe("digits"), store, inputs)
    store.put_blob(parts.canonical())
    Checkpoints(folder_of(store, parts) / "teacher-big").save(1, {}, {})
    run = _run(store, Entry("train", "stopped", "by SIGTERM", key=parts.key))
    assert "in train; what its teachers learned is kept, the same" in how_it_stopped(run, Stopped(signal.SIGTERM))


def test_other_steps_and_the_time_between_and_before_them_have_words_too(store: Store) -> None:
    stop = KeyboardInterrupt()
    run = _run(store, Entry("repair", "ran", "first run"), Entry("split", "stopped", "by SIGINT", key="k"))
    goes_on = "the same command goes on from there"
    assert how_it_stopped(run, stop) == f"stopped by SIGINT in split; the steps before it are kept, {goes_on}"
    between = how_it_stopped(_run(store, Entry("repair", "ran", "first run")), stop)
    assert between == f"stopped by SIGINT after repair; every step so far is kept, {goes_on}"
    assert how_it_stopped(_run(store), stop) == how_it_stopped(None, stop) == "stopped by SIGINT"


@pytest.fixture
def by_default() -> Iterator[None]:
    """Ctrl-C as in a terminal: tests that a shell runs in its background ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("by_default")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_a_library_lost_is_remembered(number: signal.Signals) -> None:
    told = {signal.SIGTERM: Stopped, signal.SIGINT: KeyboardInterrupt}[number]
    with listening():
        with contextlib.suppress(told):
            os.kill(os.getpid(), number)
        assert stopped_by(ConnectionRefusedError(111, "in its wake, from nothing")) == number
        with pytest.raises(Stopped, match=number.name):
            go_on_unless_told()
    assert stopped_by(ConnectionRefusedError(111, "another day")) is None
    go_on_unless_told()


def test_a_command_in_the_background_of_a_shell_ignores_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with listening():
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_step_that_was_stopped_is_not_called_failed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks import step as module

    run = _run(store)
    execution = module._prepare(run, BY_NAME["probe"], {})
    entry = module._broken_off(execution, TerminationSignal(signal=signal.SIGTERM))
    assert (entry.state, entry.reason) == ("stopped", "by SIGTERM")
    assert module._broken_off(execution, OSError("x")).state == "failed"


def test_the_runs_own_words_are_written_down(tmp_path: Path) -> None:
    from flows.retrain import started
    from runs.summaries.summary import run_summary

    found = []
    with (
        pytest.raises(ConnectionRefusedError),
        started(load_recipe("digits"), str(tmp_path / "store")) as (run, _),
    ):
        found.append(run)
        run.journal.add(Entry("split", "stopped", "by SIGTERM", key="k"))
        raise _in_the_wake_of(TerminationSignal(signal=signal.SIGTERM))
    summary = run_summary(found[0].store, found[0].id)
    assert (summary["outcome"], summary["error"]) == ("cancelled", how_it_stopped(found[0], Stopped(signal.SIGTERM)))


def test_a_step_is_said_to_be_stopped_by_what_stopped_it_whatever_the_asker_knows(store: Store) -> None:
    run = _run(store, Entry("split", "stopped", "by SIGTERM; its words", key="k"))
    assert how_it_stopped(run, KeyboardInterrupt()).startswith("stopped by SIGTERM in split; ")


def test_of_a_sweep_the_trials_that_ended_are_counted(store: Store) -> None:
    run = _run(store, Entry("balance", "ran", "first run"))
    run.journal.sweep = {
        "planned": 9,
        "trials": [{"state": one} for one in ("trained", "pruned", "running", "waiting")],
    }
    assert how_it_stopped(run, KeyboardInterrupt()) == (
        "stopped by SIGINT in a sweep; 2 of 9 trials have ended and are kept, as is what others learned so far; "
        "the same command goes on from there"
    )
