"""tasks.away: what travels is a value; what it needs comes with it, what it made comes back, or it is said why not."""

import pickle
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from data_steps import Data
from releases import leave_record
from trainings import inputs_of_train

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from evergreen.vision.train import Callbacks
from evergreen.vision.training.fit import EpochReport
from runs.away.line import Message, on_the_line
from runs.away.origin import Origin, WrongStore
from runs.keys import key_parts
from runs.run import Run, listener
from runs.shared.opening import behind_of, opened
from storage.artifacts import Ref
from storage.errors import ArtifactMissing, RemoteError
from storage.steps.keys import KeyParts
from storage.store import Store
from tasks.away import Away, Needs, Travelling, sent
from tasks.model import train as task


class Hands:
    """Does it in this process, as a worker would: of what is pickled."""

    where, ours = "elsewhere", False

    def do(self, away: Any, hear: Any = None) -> Any:
        with on_the_line(hear or (lambda message: None)):
            return pickle.loads(pickle.dumps(away)).do()  # noqa: S301 - our own

    def close(self) -> None: ...


@dataclass(frozen=True)
class Reads:
    """Reads its input and every image, and publishes what it read.

    Attributes:
        given: artifact.
        images: artifact.
        where: folder of the store.
    """

    given: Ref
    images: Ref
    where: Path

    def at(self, store: Path) -> "Reads":
        return replace(self, where=store)

    def do(self) -> Ref:
        store = Store(self.where)  # with nothing behind it
        assert store.damaged(self.given) == store.damaged(self.images) == []
        return store.publish("model", {"m": f"made in {self.where.name}".encode()})

    def published(self, answer: Ref) -> Iterable[Ref]:
        return [answer]

    def over(self, answer: Ref) -> None:
        (self.where / "over").touch()


@pytest.fixture
def made(photos: Path, tmp_path: Path, shared_folder: str) -> Callable[..., tuple[Run, Reads, Needs]]:
    def make(remote: bool, source: Path = photos) -> tuple[Run, Reads, Needs]:
        recipe = load_recipe("digits", ["repair.classes=[bright, dark]"], str(source))
        store = opened(tmp_path / "sender", shared_folder) if remote else Store(tmp_path / "sender")
        data = Data(store, recipe, "repair")
        images = {name: data.outputs[name] for name in ("unpack", "acquire")}
        run = Run(store, recipe, "run", "digits")
        parts = key_parts(BY_NAME["unpack"], recipe, store, {"archive": images["acquire"]})
        leave_record(store, parts, images["unpack"], inputs={"acquire": images["acquire"].sha256})
        needs = Needs(recipe, (data.outputs["repair"],), images, "0" * 64)
        return run, Reads(data.outputs["repair"], images["unpack"], store.root), needs

    return make


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_what_it_needs_goes_there_and_what_it_made_comes_back(
    kind: str, made: Callable[..., Any], photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(shutil.make_archive(str(tmp_path / "photos"), "zip", photos)) if kind == "archive" else photos
    run, reads, needs = made(True, source)
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "worker"))
    answer = sent(run, Hands(), reads, needs)
    assert Store(run.store.root).read(answer, "m") == b"made in worker"
    assert (tmp_path / "worker" / "over").exists()
    behind = behind_of(run.store)
    assert behind is not None
    pushed = [one.name.rpartition("/")[2].partition("-")[0] for one in behind.remote.runs()]
    assert sorted(pushed) == ["inputs", "made"], "so neither is garbage"

    monkeypatch.delenv("EVERGREEN_STORE")
    answer = sent(run, Hands(), reads, needs)
    assert Store(run.store.root).read(answer, "m") == b"made in sender"


def test_what_was_made_and_is_nowhere_is_said(
    made: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, reads, needs = made(False)
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "copy"))
    with pytest.raises(WrongStore, match="EVERGREEN_REMOTE is not set"):
        sent(run, Hands(), reads, needs)
    assert run.store.identity
    shutil.copytree(run.store.root, tmp_path / "copy")  # the same identity twice
    with pytest.raises(ArtifactMissing, match=r"found none, and no remote is behind this store; is its store a copy"):
        sent(run, Hands(), reads, needs)


def test_inputs_that_are_not_in_the_remote_are_named(
    made: Callable[..., Any], shared_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, reads, needs = made(True)
    monkeypatch.setenv("EVERGREEN_STORE", str(tmp_path / "worker"))
    origin = Origin.of(run.store, ours=False)
    with pytest.raises(ArtifactMissing, match="is not in"):
        Away(reads, origin, needs).do()  # nobody pushed them
    shutil.rmtree(shared_folder)
    heard = list[str]()

    class Hears:
        def note(self, text: str) -> None:
            heard.append(text)

    token = listener.set(Hears())  # type: ignore[arg-type]
    try:
        with pytest.raises(RemoteError):
            sent(run, Hands(), reads, needs)
    finally:
        listener.reset(token)
    assert heard[0].startswith("what workers with stores of their own need is not pushed: ")


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
