"""runs.shared.leasing: of two machines one trains and both have the result; a dead one is taken over; all is said."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from toy_tasks import until as until_told
from trainings import CUT, WHOLE, keep_a_state, make_model, parts_of_train

from evergreen.recipe import load_recipe
from runs import stopped
from runs.kept.checkpoints import folder_of
from runs.run import Run
from runs.shared import leasing as module
from runs.shared.leasing import Turn, turn_at
from runs.shared.opening import behind_of, opened
from runs.shared.sharing import share
from runs.stopped import Stopped
from storage.errors import RemoteRefused
from storage.remote.checkpoints import names_of
from storage.remote.leases import LEASES, Claim, Holder
from storage.remote.objects import opened as objects_at
from storage.steps.keys import KeyParts
from storage.steps.records import Record

SUPPORT = Path(__file__).parents[2] / "support"


class Machine:
    """A store with the remote behind it, a run in it that is about to train, and what it says."""

    def __init__(self, root: Path, name: str, step: str = "train") -> None:
        self.run = Run(opened(root), load_recipe("digits"), name, "digits")
        self.store, self.said = self.run.store, list[str]()
        self.parts: KeyParts = parts_of_train(self.store)
        self.store.put_blob(self.parts.canonical())
        turn = turn_at(self.run, step, self.parts, self.said.append)
        assert turn is not None
        self.turn: Turn = turn
        self.found: list[Record | None] = []
        self.checkpoints = folder_of(self.store, self.parts)

    def waits(self) -> threading.Thread:
        """Wait for its turn, in a thread."""
        thread = threading.Thread(target=lambda: self.found.append(self.turn.wait()))
        thread.start()
        return thread

    def trains(self, ended: dict[str, Any] = WHOLE) -> None:
        """Make the model and its record, and end its turn."""
        make_model(self.store, self.parts, ended)
        self.turn.over(made=True)

    def dies(self) -> None:
        """Do nothing any more, as a process that was killed."""
        self.turn._ended.set()

    @property
    def whats(self) -> list[str]:
        return [lease["what"] for lease in self.run.journal.leases]


def until(true: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOKS_EVERY_SECONDS", 0.02)
    monkeypatch.setattr(module, "_HEEDS_EVERY_SECONDS", 0.02)


@pytest.fixture
def machines(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Machine]:
    """Two machines with one remote: a folder, or what the parameter says."""
    monkeypatch.setenv("EVERGREEN_REMOTE", request.getfixturevalue(getattr(request, "param", "shared_folder")))
    return [Machine(tmp_path / name, f"on-{name}") for name in ("a", "b")]


@pytest.mark.parametrize("machines", ["shared_folder", "s3"], indirect=True)
def test_the_second_waits_says_for_whom_and_has_the_same_bytes(machines: list[Machine]) -> None:
    one, other = machines
    assert other.run.records.read(other.parts.key) is None  # it knows what was not there, which it is to look for anew
    behind_of(other.store).remote.look_again()  # type: ignore[union-attr]
    assert one.turn.wait() is None
    waits = other.waits()
    until(lambda: other.said)
    [said] = other.said
    assert said.startswith("train: ")
    assert f"(run on-a, process {os.getpid()}, store " in said
    assert "is at it since 20" in said
    assert "so this run waits for its result; its lease, unless renewed, ends at 20" in said
    assert other.found == []
    one.trains()
    waits.join(20)
    [theirs] = other.found
    assert theirs is not None
    assert theirs == one.run.records.read(one.parts.key)
    assert other.store.read(theirs.output, "model.keras") == b"m"
    assert other.said[1:] == [other.run.journal.leases[0]["words"].join(["train: ", ""])]
    other.turn.over(made=True)
    assert (one.whats, other.whats, one.said) == ([], ["used"], [])
    told = share(other.run, pushes=False)
    assert told is not None
    [lease] = told["leases"]
    assert {name: lease[name] for name in ("step", "what", "run")} == {"step": "train", "what": "used", "run": "on-a"}
    assert lease["waited"] > 0
    assert lease["words"] in told["words"]
    assert share(one.run, pushes=False)["objects"] > 0  # type: ignore[index]
    third = Machine(one.store.root.parent / "c", "on-c")
    assert third.turn.wait() is not None, "and whoever comes later"


def test_one_that_was_stopped_is_followed_at_once_and_goes_on_later_with_what_came_of_it(
    machines: list[Machine],
) -> None:
    one, other = machines
    assert one.turn.wait() is None
    waits = other.waits()
    until(lambda: other.said)
    one.turn.over(made=False)
    waits.join(20)
    assert other.found == [None]
    assert other.whats == ["turn"]
    assert "ended without a result: it is done here" in other.said[-1]
    other.trains()
    again = Machine(one.store.root, "again")
    assert again.turn.wait() is not None


def test_a_dead_machine_is_taken_over_after_its_term_and_its_checkpoint_gone_on_with(
    machines: list[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_MINUTES", 0.02 / 60)
    dead, other = machines
    dead.turn._seconds = dead.turn._claim._seconds = 0.2
    assert dead.turn.wait() is None
    keep_a_state(dead.checkpoints)
    objects = objects_at(os.environ["EVERGREEN_REMOTE"])
    until(lambda: dead.run.journal.checkpoint_bytes)
    assert dead.run.journal.checkpoint_bytes == len(b"state")
    began = time.monotonic()
    waits = other.waits()
    until(lambda: other.said)
    dead.dies()
    waits.join(20)
    assert time.monotonic() - began > 1, "a term may not be shorter"
    assert other.found == [None]
    assert other.whats == ["taken over"]
    assert "did not renew its lease for 1 s: taken over" in other.said[1]
    assert other.said[2] == "train: another machine left a checkpoint in the remote: goes on from it (5 bytes)"
    assert (other.checkpoints / "1-a.npz").read_bytes() == b"state"
    shutil.rmtree(other.checkpoints)  # as its training does
    other.trains()
    assert names_of(objects, dead.checkpoints.name) == []


def test_a_checkpoint_stays_where_a_longer_limit_would_go_on_and_gives_way_to_a_further_one(
    machines: list[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_MINUTES", 0.02 / 60)
    one, other = machines
    assert one.turn.wait() is None
    keep_a_state(one.checkpoints)
    objects = objects_at(os.environ["EVERGREEN_REMOTE"])
    until(lambda: names_of(objects, one.checkpoints.name))
    one.trains(CUT)
    assert names_of(objects, one.checkpoints.name) == ["1-a.npz"]
    shutil.rmtree(Path(os.environ["EVERGREEN_REMOTE"]) / "records")
    keep_a_state(other.checkpoints)
    (other.checkpoints / "1-a.npz").rename(other.checkpoints / "2-b.npz")
    assert other.turn.wait() is None
    assert [path.name for path in other.checkpoints.iterdir()] == ["2-b.npz"]
    other.turn.over(made=False)


def test_one_that_slept_says_who_took_it_over_and_leaves_the_lease_alone(machines: list[Machine]) -> None:
    slept, _ = machines
    slept.turn._seconds = 0.2
    assert slept.turn.wait() is None
    now = iter([0.0, 0.0, 1e9, 1e9])
    objects = objects_at(os.environ["EVERGREEN_REMOTE"])
    other = Claim(objects, slept.parts.key, Holder("b" * 32, "laptop", 7, "on-laptop", "there"), 60, lambda: next(now))
    assert other.take()
    assert other.take() is None
    until(lambda: slept.said)
    assert slept.whats == ["lost"]
    assert slept.said[0].startswith("train: laptop (run on-laptop, process 7, store bbbbbbbbbbbb) took this work over")
    slept.trains()  # its result is as good: the first stays
    assert other.renew()
    assert behind_of(slept.store).remote.record(slept.parts.key)  # type: ignore[union-attr]


def test_what_a_killed_run_of_the_same_store_left_is_no_wait(machines: list[Machine]) -> None:
    one, _ = machines
    assert one.turn.wait() is None
    one.dies()
    again = Machine(one.store.root, "again")
    assert again.turn.wait() is None
    assert again.whats == ["taken over"]
    assert "(run on-a, " in again.said[0]
    assert "ended in it: taken over" in again.said[0]
    again.turn.over(made=False)


def test_a_remote_that_goes_meanwhile_ends_no_work_and_no_wait(machines: list[Machine], tmp_path: Path) -> None:
    one, other = machines
    one.turn._seconds = 0.2
    assert one.turn.wait() is None
    waits = other.waits()
    until(lambda: other.said)
    folder = Path(os.environ["EVERGREEN_REMOTE"])
    away = folder.rename(tmp_path / "away")
    waits.join(20)
    assert other.found == [None]
    assert "goes on without a lease, so another machine may do the same work: the remote" in other.said[-1]
    assert behind_of(other.store).lost  # type: ignore[union-attr]
    until(lambda: one.said)
    assert "the lease is not renewed, so another machine may begin the same work: the remote" in one.said[-1]
    away.rename(folder)
    until(lambda: len(one.said) == 2)
    assert "the remote answers again" in one.said[-1]
    folder.rename(away)
    until(lambda: len(one.said) == 3)
    one.trains()
    assert "what it gave is not in the remote, so other machines do it again" in one.said[-1]
    other.trains()
    assert len(other.said) == 2, "asked no more"


def test_a_remote_that_may_only_be_read_gives_no_lease_and_is_read_on(
    machines: list[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    behind = behind_of(one.store)
    assert behind is not None

    def refuse(*_: object) -> bool:
        raise RemoteRefused("the remote: permission denied")

    monkeypatch.setattr(behind.remote.objects, "put_if", refuse)
    assert one.turn.wait() is None
    assert one.said == [
        "train: goes on without a lease, so another machine may do the same work: the remote: permission denied"
    ]
    assert behind.lost is None
    one.turn.over(made=True)


def test_whoever_waits_ends_when_told_to(machines: list[Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = machines
    assert one.turn.wait() is None
    monkeypatch.setattr(stopped, "_heard", [signal.SIGTERM])
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            other.turn.wait()
        except Stopped as error:
            ended.append(error)

    waits = threading.Thread(target=wait, daemon=True)
    waits.start()
    waits.join(10)
    assert len(ended) == 1
    other.turn.over(made=False)
    told = objects_at(os.environ["EVERGREEN_REMOTE"]).get_tagged(f"{LEASES}/{one.parts.key}")
    assert told is not None
    assert b'"run":"on-a"' in told[0]
    one.turn.over(made=False)


def test_what_was_made_and_is_damaged_since_is_made_again(machines: list[Machine]) -> None:
    one, other = machines
    assert one.turn.wait() is None
    one.trains()
    shutil.rmtree(Path(os.environ["EVERGREEN_REMOTE"]) / "records")
    assert other.turn.wait() is None
    assert other.whats == []
    other.turn.over(made=False)


def test_steps_that_do_not_train_and_stores_without_a_remote_take_no_turns(
    machines: list[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    assert turn_at(one.run, "fold 3", one.parts, print)
    assert turn_at(one.run, "screen", one.parts, print) is None
    monkeypatch.delenv("EVERGREEN_REMOTE")
    alone = Run(opened(one.store.root), one.run.recipe, "alone", "digits")
    assert turn_at(alone, "train", one.parts, print) is None


_KILLED = """
import sys, time
from pathlib import Path
from trainings import inputs_of_train, parts_of_train
from evergreen.recipe import load_recipe
from evergreen.vision.training.checkpoint import Checkpoints
from runs.kept.checkpoints import folder_of
from runs.run import Run
from runs.shared import leasing
from runs.shared.opening import opened
from tasks.made import made
import numpy as np

leasing.TERM_SECONDS, leasing.CHECKPOINT_EVERY_MINUTES = 2.0, 0.02 / 60
store = opened(Path(sys.argv[1]))
def make(parts):
    Checkpoints(folder_of(store, parts)).save(3, {"epoch": 3}, {"weights": [np.arange(4.0)]})
    Path(sys.argv[2]).write_text("trains")
    time.sleep(60)
made(Run(store, load_recipe("digits"), "killed", "digits"), "train", inputs_of_train(store), make)
"""


def test_a_machine_that_is_killed_in_a_training_is_taken_over_with_its_checkpoint(
    machines: list[Machine], tmp_path: Path
) -> None:
    from evergreen.vision.training.checkpoint import Checkpoints

    _, other = machines
    paths = os.pathsep.join(map(str, (SUPPORT / "stores", SUPPORT.parents[1])))
    command = [sys.executable, "-c", _KILLED, str(tmp_path / "killed"), str(tmp_path / "told")]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}) as killed:
        until_told(tmp_path / "told", 60)
        objects = objects_at(os.environ["EVERGREEN_REMOTE"])
        until(lambda: names_of(objects, other.checkpoints.name))
        waits = other.waits()
        until(lambda: other.said)
        killed.send_signal(signal.SIGKILL)
    waits.join(20)
    assert other.found == [None]
    assert other.whats == ["taken over"]
    assert f"process {killed.pid}" in other.said[0]
    state = Checkpoints(other.checkpoints).load()
    assert state is not None
    assert (state[0], state[1]["weights"][0].tolist()) == ({"epoch": 3}, [0.0, 1.0, 2.0, 3.0])
    other.turn.over(made=False)
