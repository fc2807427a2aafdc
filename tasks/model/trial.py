"""trial: fit the network of one combination of a sweep's values, once a seed, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from evergreen.errors import EvergreenError
from evergreen.recipe import Recipe
from evergreen.sweeping.states import FAILED, PRUNED, REUSED
from runs.away.workers import Hands, ProcessLost
from runs.run import Run
from runs.sweeps.trials import Fitted, fitted_of, unfinished
from runs.sweeps.work import Job, Outcome, Pruning
from runs.teachers import carried
from runs.training import forget
from storage.artifacts import Ref
from storage.errors import StoreError
from storage.steps.keys import KeyParts
from tasks.away import Needs, sent
from tasks.made import made


@dataclass(frozen=True)
class Seeded:
    """What one training of a trial is made of.

    Attributes:
        recipe: with the trial's values, and this seed.
        dataset: what split published for it.
        weights: what balance published for it.
        told: file for what is known after each epoch.
        stop: file that is there once the sweep is being stopped.
        images: as ``tasks.away.Needs`` has them.
    """

    recipe: Recipe
    dataset: Ref
    weights: Ref
    told: Path
    stop: Path
    images: Mapping[str, Ref] = field(default_factory=dict)


class _Ended(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


def _trial(run: Run, trainings: list[Seeded], hands: Hands, pruning: Pruning | None, found: list[Fitted]) -> State[Any]:
    """Fit or reuse each training of a trial, in turn; what is known of each is added to ``found``."""
    for number, seeded in enumerate(trainings):
        # A second seed is of a combination that was worth its first.
        one = _fitted(replace(run, recipe=seeded.recipe), seeded, hands, pruning if number == 0 else None)
        found.append(one)
        if one.state == PRUNED:
            return Completed(name="Pruned", message=one.why)
        if one.state == FAILED:
            return Failed(message=one.why)
    if all(one.state == REUSED for one in found):
        return Completed(name="Cached", message="trained before, under the same key")
    accuracy = sum(one.metrics["val_accuracy"] for one in found) / len(found)
    return Completed(message=f"validation accuracy {accuracy:.1%}")


def _fitted(run: Run, seeded: Seeded, hands: Hands, pruning: Pruning | None) -> Fitted:
    """Fit one training of a trial, or reuse it; whatever ends it is a row of the table, not the end of the sweep."""
    seed, tried = seeded.recipe.seed, list[KeyParts]()

    def make(parts: KeyParts) -> Ref:
        tried.append(parts)
        made_by, teachers = carried(run, parts.libraries)
        job = Job(
            run.store.root, seeded.recipe, run.id, parts, seeded.dataset, seeded.weights, seeded.told, seeded.stop,
            pruning, made_by,
        )  # fmt: skip
        needs = Needs(seeded.recipe, (seeded.dataset, seeded.weights, *teachers), seeded.images, parts.key)
        outcome = sent(run, hands, job, needs, job.hear)
        if outcome.model is None:
            raise _Ended(outcome)
        return outcome.model

    try:
        record, known = made(run, "train", {"dataset": seeded.dataset, "weights": seeded.weights}, make)
        if not known:
            forget(run.store, tried[0], record.output)
        return fitted_of(run.store, seed, record, known)
    except _Ended as ended:
        outcome = ended.outcome
    except ProcessLost as error:
        outcome = Outcome("failed", why=str(error), again=True)
    except (EvergreenError, StoreError, OSError) as error:  # outside its process: it had no chance to end well
        outcome = Outcome("failed", why=f"{type(error).__name__}: {error}", again=True)
    return unfinished(seed, outcome, seeded.told, tried[0].key if tried else None)


def trial_called(name: str) -> Task[..., Any]:
    """Return the task of a trial under a name: as it is, for Prefect fills in what stands between braces of a text."""
    return trial.with_options(task_run_name=lambda: name)


# Its memory is the records of `train`, so Prefect keeps nothing.
trial: Task[..., Any] = Task(fn=_trial, name="trial", cache_policy=NO_CACHE, persist_result=False)
