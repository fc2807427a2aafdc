"""tasks.travelling: a step is a value that builds its own run where it is done."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trainings import inputs_of_train

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision.train import Callbacks
from evergreen.vision.training.fit import EpochReport
from runs.away.line import Message, on_the_line
from runs.away.origin import WrongStore
from runs.keys import key_parts
from runs.run import Run
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store
from tasks.model import train as task
from tasks.travelling import Travelling


@pytest.fixture
def training(store: Store) -> Travelling:
    recipe, inputs = load_recipe("digits", ["train.threads=3"]), inputs_of_train(store)
    parts = key_parts(BY_NAME["train"], recipe, store, inputs)
    return Travelling("train", recipe, "run", parts, inputs, store.root, store.root)


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
    assert told[0] == {"note": "a word"}
    assert EpochReport(**told[1]) == EpochReport(1, 1, 1, 2, {"loss": 0.5}, 3.0)


def test_a_teacher_of_the_senders_store_is_refused_in_another(training: Travelling, tmp_path: Path) -> None:
    named = {"teacher best": f"model {'0' * 64}, model.keras"}
    taught = replace(training, parts=replace(training.parts, libraries=training.parts.libraries | named))
    with pytest.raises(WrongStore, match=r"train\.teacher names a model of that store"):
        taught.at(tmp_path / "worker").do()
