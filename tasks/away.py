"""A step, or another training, that is done where other machines compute: what it needs goes there, what it made comes.

On a worker that sees the sender's store nothing moves. On one with a store of its own the inputs are brought from the
remote, the images out of their archive, and what was published is pushed, so no folder is shared. The record is written
by the sender, under its lock, as if it had been done here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from filelock import FileLock

from evergreen.errors import EvergreenError
from evergreen.fold_steps import step_named
from evergreen.images.processors import of_this_step
from evergreen.recipe import Recipe
from evergreen.vision.training.fit import EpochReport
from runs.away.line import Message, tell
from runs.away.origin import Origin, WrongStore
from runs.away.same import THREADS, refuse_other_code
from runs.away.workers import Hands, Hear
from runs.keys import only
from runs.run import Entry, Run, listener
from runs.shared.cargo import cargo_of_inputs
from runs.shared.opening import behind_of
from runs.shared.sharing import push_cargo
from runs.teachers import digests_in
from storage.artifacts import Ref
from storage.digests import canonical_json, sha256_bytes
from storage.errors import ArtifactMissing, RemoteError, StoreError
from storage.in_use import in_use
from storage.remote.push import Cargo
from storage.steps.keys import KeyParts
from storage.store import Store
from tasks.locks import FlockLockManager
from tasks.owed import bring, settle_images
from tasks.progress import TrainingProgress
from tasks.step import Execution, StepTask, within

T = TypeVar("T")
# What images are in: the step that gave them, and the one whose archive they are members of.
IMAGES = ("unpack", "acquire")
_ONE_PUSH = threading.Lock()


class Travels(Protocol[T]):
    """What may be done with another store than the sender's: picklable, and nothing in it but values and references."""

    def at(self, store: Path) -> Travels[T]:
        """Return it, as it is done with the store in that folder."""

    def do(self) -> T:
        """Do it."""

    def published(self, answer: T) -> Iterable[Ref]:
        """Return what it left in the store."""

    def over(self, answer: T) -> None:
        """Let go of what it kept in case its end was not heard of: what it published is in safety."""


@dataclass(frozen=True)
class Needs:
    """What something that travels reads, beside its own values.

    Attributes:
        recipe: of the run, whole: images are taken out of their archive as it says.
        inputs: artifacts.
        images: step -> what it gave; of ``IMAGES``.
        key: that what it makes will stand under; empty if it makes nothing that is kept.
    """

    recipe: Recipe
    inputs: tuple[Ref, ...]
    images: Mapping[str, Ref]
    key: str = ""


@dataclass(frozen=True)
class Away(Generic[T]):
    """Something on its way: with where it comes from, it finds its store, and brings what it needs."""

    task: Travels[T]
    origin: Origin
    needs: Needs

    def do(self) -> T:
        """Do it with the store of this process.

        Raises:
            WrongStore: there is none to do it with.
            ArtifactMissing, ArtifactDamaged: what it needs is not in the remote.
            RemoteError: what it made could not be pushed; it is in the worker's store.
        """
        store, same = self.origin.here()
        if same:
            return self.task.at(store.root).do()
        with in_use(store):
            self._bring(store)
            task = self.task.at(store.root)
            answer = task.do()
            made = list(task.published(answer))
            if made:
                push_cargo(store, _made_there(self.needs, made), surely=True)
            task.over(answer)
        return answer

    def _bring(self, store: Store) -> None:
        needs, behind = self.needs, behind_of(store)
        lock = store.root / "locks" / f"brings-{sha256_bytes(canonical_json(_digests(needs)))[:16]}"
        lock.parent.mkdir(parents=True, exist_ok=True)
        run = Run(store, needs.recipe, "", needs.recipe.name)
        for name, ref in needs.images.items():
            run.journal.entries[name] = Entry(name, "reused", "", 0.0, ref)
        # Processes of one machine with one store take turns: the first brings it for all.
        with FileLock(lock, thread_local=False, fallback_to_soft=False):
            try:
                bring(run, needs.inputs)
                settle_images(run)
            except ArtifactMissing:
                if behind and behind.lost:
                    raise behind.lost from None
                raise


def sent(run: Run, hands: Hands, task: Travels[T], needs: Needs, hear: Hear | None = None) -> T:
    """Have something done by others, and return what came of it; what it published is here then, or can be had.

    Args:
        run: whose store it is for.
        hands: who does it.
        task: what.
        needs: what it reads.
        hear: is told, here, what it tells.

    Raises:
        WrongStore, RemoteError, StoreError: what it needs did not come there, or what it made not here.
        ProcessLost: whoever had it died, and so did others after them.
        Exception: what it raised itself.
    """
    origin = Origin.of(run.store, ours=hands.ours)
    if not hands.ours:
        _push(run, needs)
    answer = hands.do(Away(task, origin, needs), hear)
    if not hands.ours:
        for ref in task.published(answer):
            _arrive(run.store, ref)
    return answer


def images_of_journal(run: Run) -> dict[str, Ref]:
    """Return the artifacts that images are in, as far as the run came to them."""
    found = {name: run.journal.entries.get(name) for name in IMAGES}
    return {name: entry.output for name, entry in found.items() if entry and entry.output}


def _push(run: Run, needs: Needs) -> None:
    """Push what a worker with a store of its own would bring; others need nothing of it, so an error is only said."""
    behind = behind_of(run.store)
    if behind is None or behind.lost:
        return
    cargo = cargo_of_inputs(run.store, run.records, needs.recipe.name, _digests(needs))
    try:
        with _ONE_PUSH:
            push_cargo(run.store, cargo, surely=True)
    except RemoteError as error:
        if hearing := listener.get():
            hearing.note(f"what workers with stores of their own need is not pushed: {error}")


def _arrive(store: Store, ref: Ref) -> None:
    """Bring what a worker published, unless it did so into this store.

    Raises:
        ArtifactMissing: it is nowhere.
    """
    behind, why = behind_of(store), "no remote is behind this store"
    try:
        if all(store.has_blob(blob) for blob in store.manifest(ref.sha256).files.values()):
            return
    except StoreError:
        pass  # it is elsewhere, then
    if behind and not behind.lost:
        try:
            behind.remote.look_again()
            if not behind.bring_all(ref):
                return
            why = f"not all of it is in {behind.remote.objects.address}"
        except StoreError as error:
            why = str(error)
    elif behind:
        why = str(behind.lost)
    raise ArtifactMissing(
        f"a worker says that it published {ref.kind} {ref.short}: expected it in {store.root}, found none, and {why}; "
        "is its store a copy of this one? evergreen check tells the identity of each"
    )


def _digests(needs: Needs) -> list[str]:
    return [ref.sha256 for ref in (*needs.inputs, *needs.images.values())]


def _made_there(needs: Needs, made: list[Ref]) -> Cargo:
    """Return what travels of a training alone: whoever sent it pushes its record with the run."""
    steps = {ref.kind: {"key": needs.key, "output": ref.sha256} for ref in made}
    return Cargo(f"made-{needs.key[:16]}", needs.recipe.name, steps, tuple(ref.sha256 for ref in made), (), ())


# -- steps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Done:
    """What came of a step that was done elsewhere.

    Attributes:
        output: what it published.
        measured: as ``tasks.step.measured`` took it.
        remark: as ``tasks.step.remark`` took it.
    """

    output: Ref
    measured: Mapping[str, Any]
    remark: str


@dataclass(frozen=True)
class Travelling:
    """A step that fits a network, as a process elsewhere is told of it; it builds its own run.

    Attributes:
        step: its name, ``fold 2`` among them.
        recipe: whole.
        run: id of the sender's run.
        parts: of the key that its output will stand under.
        inputs: parameter name -> artifact.
        store: folder of the store that it is done with.
        sender: folder of the sender's store.
    """

    step: str
    recipe: Recipe
    run: str
    parts: KeyParts
    inputs: Mapping[str, Ref]
    store: Path
    sender: Path

    def at(self, store: Path) -> Travelling:
        """Return it, as it is done with the store in that folder."""
        return replace(self, store=store)

    def published(self, done: Done) -> list[Ref]:
        """Return its output."""
        return [done.output]

    def over(self, done: Done) -> None:
        """Do nothing: a step's body lets go of its checkpoints."""

    def do(self) -> Done:
        """Do it; the record is the sender's to write.

        Raises:
            OtherCode: this process would compute something else.
            WrongStore: it is taught by a model of the sender's store, and this is another.
        """
        row = step_named(self.step)
        if row is None:
            raise EvergreenError(f"no row of the step table is called {self.step!r}")
        refuse_other_code(self.recipe, self.parts)
        if self.store != self.sender and digests_in(self.parts.libraries):
            raise WrongStore(
                f"expected the store of the sender, {self.sender}, found {self.store}: train.teacher names a model of "
                "that store, and what it learned from does not travel; unset EVERGREEN_DASK for this recipe"
            )
        run = Run(Store(self.store), self.recipe, self.run, self.recipe.name)
        execution = Execution(run, row, self.parts, {}, None, "", FlockLockManager(run.store.root / "locks"))
        threads = of_this_step.set(int(self.parts.libraries.get(THREADS, 0)) or None)
        token = listener.set(_Tells())
        try:
            with within(execution):
                body = _task_of(self.step).fn
                output = body(replace(run, recipe=only(self.recipe, row.recipe)), **self.inputs)
        finally:
            listener.reset(token)
            of_this_step.reset(threads)
        return Done(output, execution.measured, execution.remark)


def step_sent(hands: Hands, execution: Execution, inputs: Mapping[str, Ref]) -> Ref:
    """Have the body of a step done elsewhere, and return what it published; for ``tasks.step.elsewhere``."""
    run = execution.run
    progress = TrainingProgress(run.name)
    root = run.store.root
    away = Travelling(execution.step.name, run.recipe, run.id, execution.parts, dict(inputs), root, root)
    needs = Needs(run.recipe, tuple(inputs.values()), images_of_journal(run), execution.parts.key)
    done = sent(run, hands, away, needs, _hearing(progress, curves=not execution.step.number))
    execution.measured, execution.remark = dict(done.measured), done.remark
    if not execution.step.number:
        progress.done()
    return done.output


def _hearing(progress: TrainingProgress, *, curves: bool) -> Hear:
    """Return what hears a training elsewhere; of folds, which go on at once, the epochs are not shown."""

    def hear(message: Message) -> None:
        if "note" in message:
            progress.say(message["note"])
        elif curves:
            progress(EpochReport(**message))

    return hear


class _Tells:
    """Tells the sender what a person would be told here."""

    def note(self, text: str) -> None:
        tell({"note": text}, _nobody)

    def epoch(self, report: EpochReport) -> None:
        metrics = {name: float(value) for name, value in report.metrics.items()}
        tell(report.__dict__ | {"metrics": metrics}, _nobody)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return _nobody


def _nobody(*_: object) -> None:
    """Hear nothing."""


def _task_of(name: str) -> StepTask:
    """Return the task of a step that fits a network; importing it takes what a training takes."""
    from tasks.model.fold import fold
    from tasks.model.train import train

    row = step_named(name)
    return fold.numbered(row.number) if row and row.number else train
