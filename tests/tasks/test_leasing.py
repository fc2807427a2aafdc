"""tasks.leasing: a step of a run, and one that is made elsewhere, take turns with other machines of a remote."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from trainings import inputs_of_train, make_model, parts_of_train

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from runs.run import Run, listener
from runs.shared import leasing as module
from runs.shared.leasing import Turn, turn_at
from runs.shared.opening import opened
from runs.shared.sharing import share
from storage.artifacts import Ref
from storage.remote.leases import LEASES
from storage.remote.objects import opened as objects_at
from storage.steps.keys import KeyParts
from tasks.leasing import said
from tasks.made import made
from tasks.step import StepTask


@dataclass
class Other:
    """A machine that trains until somebody waits for it; it is also who hears what is said."""

    run: Run
    parts: KeyParts
    turn: Turn
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)
        if "is at it since" in text:
            make_model(self.run.store, self.parts, None)
            self.turn.over(made=True)

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


@pytest.fixture
def other(shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Other]:
    monkeypatch.setenv("EVERGREEN_REMOTE", shared_folder)
    monkeypatch.setattr(module, "_LOOKS_EVERY_SECONDS", 0.02)
    run = Run(opened(tmp_path / "a"), load_recipe("digits"), "on-a", "digits")
    parts = parts_of_train(run.store)
    run.store.put_blob(parts.canonical())
    turn = turn_at(run, "train", parts, said)
    assert turn is not None
    assert turn.wait() is None
    found = Other(run, parts, turn)
    token = listener.set(found)
    yield found
    listener.reset(token)


@pytest.fixture
def run(tmp_path: Path, other: Other) -> Run:
    return Run(opened(tmp_path / "b"), load_recipe("digits"), "on-b", "digits")


def _lease(key: str) -> dict[str, Any]:
    known = objects_at(os.environ["EVERGREEN_REMOTE"]).get_tagged(f"{LEASES}/{key}")
    assert known is not None
    told: dict[str, Any] = json.loads(known[0])
    return told


def test_a_run_waits_for_the_other_machine_and_reuses_what_it_trained(
    run: Run, other: Other, prefect_server: str
) -> None:
    def fit(run: Run, dataset: Ref, weights: Ref) -> Ref:
        """Stand in for a training."""
        raise AssertionError("two machines trained it")

    @flow
    def retrains(run: Run) -> Ref:
        return StepTask(BY_NAME["train"], fit, 0)(run, **inputs_of_train(run.store))

    output = retrains(run)
    theirs = other.run.records.read(other.parts.key)
    assert theirs is not None
    assert (output, run.records.read(other.parts.key)) == (theirs.output, theirs)
    entry = run.journal.entries["train"]
    assert (entry.state, entry.reason, entry.seconds) == ("reused", "another machine made it meanwhile", 0.0)
    told = share(run, pushes=True)
    assert told is not None
    assert (told["brought"], [lease["what"] for lease in told["leases"]]) == (["train"], ["used"])
    assert retrains(Run(opened(run.store.root), run.recipe, "later", "digits")) == output


def test_a_run_has_the_lease_while_it_trains_and_what_it_gave_is_there_when_it_ends(
    run: Run, other: Other, prefect_server: str
) -> None:
    other.turn.over(made=False)
    seen: list[dict[str, Any]] = []

    def fit(run: Run, dataset: Ref, weights: Ref) -> Ref:
        """Stand in for a training, which breaks the first time."""
        seen.append(_lease(other.parts.key))
        if len(seen) == 1:
            raise ValueError("the training broke")
        return run.store.publish("model", {"model.keras": b"by a run"})

    @flow
    def retrains(run: Run) -> Ref:
        return StepTask(BY_NAME["train"], fit, 0)(run, **inputs_of_train(run.store))

    with pytest.raises(ValueError, match="the training broke"):
        retrains(run)
    broken = _lease(other.parts.key)
    assert (broken["ended"], broken["made"], broken["holder"]["run"]) == (True, False, "on-b")
    output = retrains(run)
    assert [(one["ended"], one["holder"]["run"]) for one in seen] == [(False, "on-b")] * 2
    assert (_lease(other.parts.key)["ended"], _lease(other.parts.key)["made"]) == (True, True)
    assert run.journal.leases == []
    there = Run(opened(other.run.store.root), run.recipe, "later", "digits")  # one that did not look before
    record = there.records.read(other.parts.key)
    assert record is not None
    assert (record.output, record.run) == (output, "on-b")
    assert there.store.read(output, "model.keras") == b"by a run"


def test_what_is_made_elsewhere_waits_too_and_has_the_files(run: Run, other: Other) -> None:
    def make(parts: KeyParts) -> Ref:
        raise AssertionError("two machines made it")

    record, known = made(run, "train", inputs_of_train(run.store), make)
    assert (known, record.run) == (True, "run")
    assert run.store.damaged(record.output) == [], "processes that judge it know no remote"
    assert other.notes[0].startswith("train: ")
