"""One training of a trial, in whichever process it runs: a worker's here, or one of a Dask cluster."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evergreen.errors import BadDataset, BadInput, EvergreenError, PreflightFailed, TrainingDiverged
from evergreen.images.processors import of_this_step
from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME
from runs.kept.caches import images_of
from runs.keys import code_digests, libraries_of, only
from runs.model_file import MODEL, frozen_backbone
from runs.run import Run
from runs.tables import classes_of, read_table
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store

if TYPE_CHECKING:
    from evergreen.sweeping.search import Study
    from evergreen.vision.training.fit import EpochReport

How = Literal["done", "pruned", "failed"]
_THREADS = "threads"  # which a key names, and a process is told: the one library that may be another there
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


class OtherCode(EvergreenError):
    """A process has other code or libraries than the sweep that it trains for."""


class ToldToStop(EvergreenError):
    """The sweep is being stopped; what was learned is kept."""


def _trained(job: Job) -> Ref:
    from evergreen.vision.train import Callbacks
    from runs.training import drop, trained

    _refuse_other_code(job)
    store = Store(job.store)
    recipe = only(job.recipe, BY_NAME["train"].recipe)
    run = Run(store, recipe, job.run, job.recipe.name)
    job.told.parent.mkdir(parents=True, exist_ok=True)
    threads = of_this_step.set(int(job.parts.libraries.get(_THREADS, 0)) or None)
    try:
        with job.told.open("a", encoding="utf-8") as told:
            callbacks = Callbacks(_each_epoch(job, told), lambda _: None)
            return trained(run, job.parts, job.dataset, job.weights, callbacks, forgets=False)
    except (Pruned, TrainingDiverged):
        drop(store, job.parts)  # nobody goes on from there, and each takes a network's room
        raise
    finally:
        of_this_step.reset(threads)


def _refuse_other_code(job: Job) -> None:
    """Refuse to train where code or libraries are others than the key says: the model would stand under a false one.

    A worker of a cluster may have another version; files may be changed while a sweep goes on.
    """
    there = {**job.parts.code, **job.parts.libraries}
    here = {**_code_here(), **libraries_of(BY_NAME["train"], job.recipe)}
    other = sorted(name for name in here if name != _THREADS and here[name] != there.get(name))
    if other:
        raise OtherCode(
            f"expected the code and libraries of the sweep where it is trained; others there: {', '.join(other)}; "
            "give every worker the same version, and begin the sweep anew"
        )


@cache
def _code_here() -> dict[str, str]:
    """Return the code that this process trains with: of its first training, for what is imported stays as it was."""
    return code_digests(BY_NAME["train"])


def _each_epoch(job: Job, told: Any) -> Callable[[EpochReport], None]:
    """Return what writes down each epoch, and ends a training that is pruned."""
    before = epochs_before(job.recipe)
    study = job.pruning.study() if job.pruning else None

    def on_epoch(report: EpochReport) -> None:
        metrics = {name: round(float(report.metrics[name]), 6) for name in SHOWN}
        line = {"phase": report.phase, "epoch": report.epoch, "who": report.who, **metrics}
        told.write(json.dumps(line) + "\n")
        told.flush()
        if job.stop.exists():
            raise ToldToStop("the sweep was stopped")
        at = before[report.phase - 1] + report.epoch
        if study is None or job.pruning is None or report.who or at >= before[-1]:
            return  # a teacher's epochs say nothing of its student, and after the last there is nothing to spare
        if not study.goes_on(job.pruning.number, at, metrics["val_accuracy"]):
            raise Pruned(f"at epoch {at} of {before[-1]}: validation accuracy {metrics['val_accuracy']:.1%}")

    return on_epoch


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
