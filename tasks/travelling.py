"""A step that fits a network as a value that travels: recipe, references and key in, a reference out."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evergreen.errors import EvergreenError
from evergreen.fold_steps import step_named
from evergreen.images.processors import of_this_step
from evergreen.recipe import Recipe
from evergreen.vision.training.fit import EpochReport
from runs.away.line import Message, tell
from runs.away.same import THREADS, refuse_other_code
from runs.away.workers import Hands, Hear
from runs.keys import only
from runs.run import Run, listener
from runs.teachers import carried
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import Record
from storage.store import Store
from tasks.away import Needs, images_of_journal, sent
from tasks.locks import FlockLockManager
from tasks.progress import TrainingProgress
from tasks.step import Execution, StepTask, within


@dataclass(frozen=True)
class Done:
    """What came of a step that was done elsewhere.

    Attributes:
        output: what it published.
        seconds: of the body alone: it may have waited for its turn before.
        measured: as ``tasks.step.measured`` took it.
        remark: as ``tasks.step.remark`` took it.
    """

    output: Ref
    seconds: float
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
        made_by: as ``Run.made_by``.
    """

    step: str
    recipe: Recipe
    run: str
    parts: KeyParts
    inputs: Mapping[str, Ref]
    store: Path
    made_by: tuple[Record, ...] = ()

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
        """
        row = step_named(self.step)
        if row is None:
            raise EvergreenError(f"no row of the step table is called {self.step!r}")
        refuse_other_code(self.recipe, self.parts)
        run = Run(Store(self.store), self.recipe, self.run, self.recipe.name, made_by=self.made_by)
        execution = Execution(run, row, self.parts, {}, None, "", FlockLockManager(run.store.root / "locks"))
        threads = of_this_step.set(int(self.parts.libraries.get(THREADS, 0)) or None)
        token, began = listener.set(_Tells()), time.monotonic()
        try:
            with within(execution):
                tell({"note": f"trained on {socket.gethostname()}, in process {os.getpid()}"}, _nobody)
                body = _task_of(self.step).fn
                output = body(replace(run, recipe=only(self.recipe, row.recipe)), **self.inputs)
        finally:
            listener.reset(token)
            of_this_step.reset(threads)
        return Done(output, time.monotonic() - began, execution.measured, execution.remark)


def step_sent(hands: Hands, execution: Execution, inputs: Mapping[str, Ref]) -> Ref:
    """Have the body of a step done elsewhere, and return what it published; for ``tasks.step.elsewhere``."""
    run = execution.run
    progress = TrainingProgress(run.name)
    made_by, teachers = carried(run, execution.parts.libraries)
    parts = execution.parts
    away = Travelling(execution.step.name, run.recipe, run.id, parts, dict(inputs), run.store.root, made_by)
    needs = Needs(run.recipe, (*inputs.values(), *teachers), images_of_journal(run), parts.key)
    done = sent(run, hands, away, needs, _hearing(progress, execution.title if execution.step.number else ""))
    execution.seconds, execution.measured, execution.remark = done.seconds, dict(done.measured), done.remark
    progress.done()
    return done.output


def _hearing(progress: TrainingProgress, fold: str) -> Hear:
    """Return what hears a training elsewhere; what is told of a fold, of which several go on at once, names it."""

    def hear(message: Message) -> None:
        if "note" in message:
            progress.say(f"{fold}: {message['note']}" if fold else message["note"])
            return
        report = EpochReport(**message)
        if fold:
            report = replace(report, who=f"{fold}, {report.who}" if report.who else fold, beside=True)
        progress(report)

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
