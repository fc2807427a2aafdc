"""One training of a trial, in whichever process it runs: a worker's here, or one of a Dask cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evergreen.errors import BadDataset, BadInput, EvergreenError, PreflightFailed, TrainingDiverged
from evergreen.images.processors import of_this_step
from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME
from runs.away.line import Message, tell
from runs.away.same import THREADS, refuse_other_code
from runs.kept.caches import images_of
from runs.keys import only
from runs.model_file import MODEL, frozen_backbone
from runs.run import Run
from runs.tables import classes_of, read_table
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import Record
from storage.store import Store

if TYPE_CHECKING:
    from evergreen.sweeping.search import Study
    from evergreen.vision.training.fit import EpochReport

How = Literal["done", "pruned", "failed"]
# What the same values come to every time. Anything else (a full disk, no memory, no network, no weights, a mistake of
# ours) may be mended by the next sweep, which tries them again.
_OF_THE_RECIPE = (BadInput, BadDataset, PreflightFailed, TrainingDiverged)
SHOWN = ("loss", "accuracy", "val_loss", "val_accuracy")


@dataclass(frozen=True)
class Pruning:
    """Whom a training asks after each epoch whether it is worth going on.

    Attributes:
        journal: the study's file.
        number: of the trial.
        epochs: of a whole trial.
    """

    journal: Path
    number: int
    epochs: int

    def study(self) -> Study:
        """Open the study."""
        from evergreen.sweeping.search import Study

        return Study(self.journal, {}, prune="successive-halving", epochs=self.epochs)


@dataclass(frozen=True)
class Job:
    """One training, as a process is told of it.

    Attributes:
        store: the store's folder.
        recipe: whose network is fitted.
        run: id of the sweep's run.
        parts: of the key that the model will stand under.
        dataset: what split published.
        weights: what balance published.
        told: file for what is known after each epoch, a line each.
        stop: file that is there once the sweep is being stopped; a cluster's worker hears no signal of ours.
        pruning: None where every trial runs to its end.
        made_by: as ``Run.made_by``.
    """

    store: Path
    recipe: Recipe
    run: str
    parts: KeyParts
    dataset: Ref
    weights: Ref
    told: Path
    stop: Path
    pruning: Pruning | None = None
    made_by: tuple[Record, ...] = ()

    def at(self, store: Path) -> Job:
        """Return it, as it is done with that store; its other files are the sender's."""
        return replace(self, store=store)

    def published(self, outcome: Outcome) -> list[Ref]:
        """Return what it left in the store."""
        return [outcome.model] if outcome.model else []

    def over(self, outcome: Outcome) -> None:
        """Let go of its checkpoints, in a store whose owner does not hear of its record."""
        from runs.training import forget

        if outcome.model:
            forget(Store(self.store), self.parts, outcome.model)

    def hear(self, line: Message) -> None:
        """Write an epoch down, and say whether the training is worth going on; where the sweep's folder is.

        Raises:
            ToldToStop: the sweep is being stopped.
            Pruned: others did better.
        """
        self.told.parent.mkdir(parents=True, exist_ok=True)
        with self.told.open("a", encoding="utf-8") as told:
            told.write(json.dumps(line) + "\n")
        if self.stop.exists():
            raise ToldToStop("the sweep was stopped")
        before = epochs_before(self.recipe)
        at = before[line["phase"] - 1] + line["epoch"]
        if self.pruning is None or line["who"] or at >= before[-1]:
            return  # a teacher's epochs say nothing of its student, and after the last there is nothing to spare
        if not _study_of(self.pruning).goes_on(self.pruning.number, at, line["val_accuracy"]):
            raise Pruned(f"at epoch {at} of {before[-1]}: validation accuracy {line['val_accuracy']:.1%}")

    def do(self) -> Outcome:
        """Do it to its end, or until it is pruned or fails; it goes on from a checkpoint, if there is one."""
        began = time.monotonic()
        try:
            model = _trained(self)
        except Pruned as error:
            return Outcome("pruned", why=str(error), seconds=time.monotonic() - began)
        except Exception as error:  # noqa: BLE001 - a trial that crashes is a row of the table, with its words
            words = str(error).strip() or "no more is known"
            again = not isinstance(error, _OF_THE_RECIPE)
            return Outcome("failed", None, f"{type(error).__name__}: {words}", time.monotonic() - began, again)
        return Outcome("done", model, seconds=time.monotonic() - began)


@dataclass(frozen=True)
class Judging:
    """One model that is asked about validation images, as a process is told of it.

    Attributes:
        store: the store's folder.
        recipe: of the model.
        model: what its training published.
        dataset: what split published.
    """

    store: Path
    recipe: Recipe
    model: Ref
    dataset: Ref

    def at(self, store: Path) -> Judging:
        """Return it, as it is done with that store."""
        return replace(self, store=store)

    def published(self, right: list[bool]) -> list[Ref]:
        """Return what it left in the store: nothing."""
        return []

    def over(self, right: list[bool]) -> None:
        """Do nothing: it kept nothing."""

    def do(self) -> list[bool]:
        """Return of each validation image, in the order of their paths, whether the model is right about it."""
        from evergreen.vision.evaluate import right_on_validation

        store = Store(self.store)
        run = Run(store, self.recipe, "")
        with store.workspace() as folder:
            store.materialise(self.model, folder)
            images = images_of(run, self.recipe.screen.range)
            classes = classes_of(store, self.dataset)
            table, frozen = read_table(store, self.dataset), frozen_backbone(store, self.model)
            right = right_on_validation(table, images, classes, self.recipe, folder / MODEL, frozen)
        return [bool(one) for one in right]


@dataclass(frozen=True)
class Outcome:
    """How a training ended.

    Attributes:
        how: done, pruned or failed.
        model: what it published, if it is done.
        why: in words, if it is not.
        seconds: of its wall time.
        again: whether it may end better another time: it was the machine's fault, not the recipe's.
    """

    how: How
    model: Ref | None = None
    why: str = ""
    seconds: float = 0.0
    again: bool = False


class Pruned(Exception):
    """Others did better after as many epochs."""


class ToldToStop(EvergreenError):
    """The sweep is being stopped; what was learned is kept."""


def _trained(job: Job) -> Ref:
    from evergreen.vision.train import Callbacks
    from runs.training import drop, trained

    refuse_other_code(job.recipe, job.parts)
    store = Store(job.store)
    recipe = only(job.recipe, BY_NAME["train"].recipe)
    run = Run(store, recipe, job.run, job.recipe.name, made_by=job.made_by)
    threads = of_this_step.set(int(job.parts.libraries.get(THREADS, 0)) or None)
    try:
        callbacks = Callbacks(_each_epoch(job), lambda _: None)
        return trained(run, job.parts, job.dataset, job.weights, callbacks, forgets=False)
    except (Pruned, TrainingDiverged):
        drop(store, job.parts)  # nobody goes on from there, and each takes a network's room
        raise
    finally:
        of_this_step.reset(threads)


def _each_epoch(job: Job) -> Callable[[EpochReport], None]:
    """Return what tells of each epoch, and raises what whoever hears it raises."""

    def on_epoch(report: EpochReport) -> None:
        metrics = {name: round(float(report.metrics[name]), 6) for name in SHOWN}
        tell({"phase": report.phase, "epoch": report.epoch, "who": report.who, **metrics}, job.hear)

    return on_epoch


@lru_cache(maxsize=64)
def _study_of(pruning: Pruning) -> Study:
    """Return the study that a training asks after each epoch; it is opened once a training."""
    return pruning.study()


def epochs_before(recipe: Recipe) -> list[int]:
    """Return how many epochs lie before each phase at most, and last how many there are."""
    return [0, *accumulate(phase.epochs for phase in recipe.train.phases)]


def epochs_told(file: Path) -> list[dict[str, Any]]:
    """Return what is known of a training's epochs, in order; of an epoch that a kill had repeated, the last.

    Args:
        file: as ``Job.told``; one that is not there says nothing.
    """
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for line in _whole_lines(file):
        if not line["who"]:
            found[line["phase"], line["epoch"]] = {name: value for name, value in line.items() if name != "who"}
    return [found[at] for at in sorted(found)]


def _whole_lines(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:  # half a line, of a process that was killed while it wrote
            continue
