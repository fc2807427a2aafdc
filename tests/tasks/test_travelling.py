"""tasks.travelling: a step is a value that builds its own run where it is done."""

import os
import pickle
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from releases import leave_record
from trainings import inputs_of_train

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.tables import to_csv
from evergreen.vision.train import Callbacks
from evergreen.vision.training.fit import EpochReport
from runs.away.line import Message, on_the_line
from runs.away.origin import WrongStore
from runs.keys import key_parts
from runs.run import Run, listener
from runs.shared.opening import opened
from runs.teachers import given_teachers
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store
from tasks.model import train as task
from tasks.progress import TrainingProgress
from tasks.step import execution_of
from tasks.travelling import Travelling, _hearing, step_sent


@pytest.fixture
def training(store: Store) -> Travelling:
    recipe, inputs = load_recipe("digits", ["train.threads=3"]), inputs_of_train(store)
    parts = key_parts(BY_NAME["train"], recipe, store, inputs)
    return Travelling("train", recipe, "run", parts, inputs, store.root)


def test_a_step_is_a_value_that_builds_its_own_run_and_tells_its_epochs(
    training: Travelling, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, told = list[Any](), list[Message]()

    def trained(run: Run, parts: KeyParts, dataset: Ref, weights: Ref, callbacks: Callbacks) -> Ref:
        seen.extend((run.id, run.name, parts, dataset, weights))
        with pytest.raises(AttributeError, match="gate"):
            run.recipe.gate  # noqa: B018 - the step train does not read it
        callbacks.say("a word")
        callbacks.on_epoch(EpochReport(1, 1, 1, 2, {"loss": 0.5}, 3.0))
        return run.store.publish("model", {"model.keras": b"m"})

    monkeypatch.setattr(task, "trained", trained)
    with on_the_line(told.append):
        done = pickle.loads(pickle.dumps(training)).do()  # noqa: S301 - as a worker is sent it
    assert seen == ["run", "digits", training.parts, *training.inputs.values()]
    assert training.published(done) == [done.output]
    assert told[0] == {"note": f"trained on {socket.gethostname()}, in process {os.getpid()}"}
    assert told[1] == {"note": "a word"}
    assert EpochReport(**told[2]) == EpochReport(1, 1, 1, 2, {"loss": 0.5}, 3.0)


def test_what_is_told_of_a_fold_elsewhere_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = list[Any]()
    hearing: Any = SimpleNamespace(note=heard.append, epoch=heard.append)
    token = listener.set(hearing)
    try:
        hear = _hearing(TrainingProgress("digits"), "fold 2 of 3")
        report = EpochReport(1, 1, 1, 2, {"loss": 0.5}, 3.0)
        for message in ({"note": "a word"}, vars(report), vars(replace(report, who="teacher big"))):
            hear(message)
    finally:
        listener.reset(token)
    assert heard == [
        "fold 2 of 3: a word",
        replace(report, who="fold 2 of 3", beside=True),
        replace(report, who="fold 2 of 3, teacher big", beside=True),
    ]


def test_a_teacher_of_the_senders_store_teaches_in_another(
    store: Store, shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the teacher, and who taught it, learned from comes along; without a remote all is refused in words."""
    sides = ("train", "validation", "test")

    def dataset(name: str) -> Ref:
        rows = [
            {"path": side, "label": "a", "split": side, "sha256": f"{name} {side}", "pixels": "", "phash": ""}
            for side in sides
        ]
        return store.publish("dataset", {"dataset.csv": to_csv(pd.DataFrame(rows))}, {"classes": ["a", "b"]})

    def model(name: str, **inputs: str) -> Ref:
        made = store.publish("model", {"model.keras": name.encode()}, {"classes": ["a", "b"]})
        leave_record(store, KeyParts("train", 1, inputs, {"name": name}, {}, {}), made, inputs=inputs)
        return made

    first = model("first", split=dataset("one").sha256)
    second = model("second", split=dataset("two").sha256, **{"teacher x": first.sha256})
    recipe, inputs = load_recipe("digits", [f"train.teacher={{model: {second.sha256}}}"]), inputs_of_train(store)
    given = list[Any]()

    def trained(run: Run, parts: KeyParts, dataset: Ref, weights: Ref, callbacks: Callbacks) -> Ref:
        with run.store.workspace() as folder:
            (found,) = given_teachers(run, parts, folder)
            given.append((run.store.root, found.file.read_bytes(), set(found.learned["sha256"]), found.images))
        return run.store.publish("model", {"model.keras": b"taught"})

    monkeypatch.setattr(task, "trained", trained)
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "worker"))

    def send(sender: Store) -> Ref:
        execution = execution_of(Run(sender, recipe, "run", "digits"), "train", inputs)
        return step_sent(Hands(), execution, inputs)

    with pytest.raises(WrongStore, match=r"EVERGREEN_REMOTE is not set"):
        send(store)
    assert given == []
    made = send(opened(store.root, shared_folder))
    learned = {f"{name} {side}" for name in ("one", "two") for side in ("train", "validation")}
    assert given == [(tmp_path / "worker", b"second", learned, (1, 1))]
    assert store.read(made, "model.keras") == b"taught"
    assert not (tmp_path / "worker" / "records").exists(), "records are the sender's"


class Hands:
    """Does it in this process, as a worker would: of what is pickled."""

    where, ours = "elsewhere", False

    def do(self, away: Any, hear: Any = None) -> Any:
        with on_the_line(lambda message: None):
            return pickle.loads(pickle.dumps(away)).do()  # noqa: S301 - our own

    def close(self) -> None: ...
