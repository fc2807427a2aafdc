"""trial: fit the network of one combination of a sweep's values, once a seed, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import State
from prefect.states import Completed, Failed

from evergreen.recipe import Recipe
from runs.run import Run
from runs.sweeps.trials import REUSED, Fitted, fitted_of, unfinished
from runs.sweeps.work import Job, Outcome, Pruning
from runs.sweeps.workers import Hands, ProcessLost
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
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
    """

    recipe: Recipe
    dataset: Ref
    weights: Ref
    told: Path
    stop: Path


class _Ended(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.why)
        self.outcome = outcome


def _trial(run: Run, trainings: list[Seeded], hands: Hands, pruning: Pruning | None, found: list[Fitted]) -> State[Any]:
    """Fit or reuse each training of a trial, in turn; what is known of each is added to ``found``."""
    for number, seeded in enumerate(trainings):
        of_this = replace(run, recipe=seeded.recipe)
        asked = pruning if number == 0 else None  # a second seed is of a combination that was worth its first

        def make(parts: KeyParts, seeded: Seeded = seeded, asked: Pruning | None = asked) -> Ref:
            job = Job(
                run.store.root,
                seeded.recipe,
                run.id,
                parts,
                seeded.dataset,
                seeded.weights,
                seeded.told,
                seeded.stop,
                asked,
            )
            try:
                outcome = hands.do(job)
            except ProcessLost as error:
                outcome = Outcome("failed", why=str(error), again=True)
            if outcome.model is None:
                raise _Ended(outcome)
            return outcome.model

        inputs: Mapping[str, Ref] = {"dataset": seeded.dataset, "weights": seeded.weights}
        try:
            record, known = made(of_this, "train", inputs, make)
        except _Ended as ended:
            outcome = ended.outcome
            found.append(unfinished(seeded.recipe.seed, outcome, seeded.told))
            if outcome.how == "pruned":
                return Completed(name="Pruned", message=outcome.why)
            return Failed(message=outcome.why)
        found.append(fitted_of(run.store, seeded.recipe.seed, record, known))
    if all(one.state == REUSED for one in found):
        return Completed(name="Cached", message="trained before, under the same key")
    accuracy = sum(one.metrics["val_accuracy"] for one in found) / len(found)
    return Completed(message=f"validation accuracy {accuracy:.1%}")


# Named by the trial's values where it is called. Its memory is the records of `train`, so Prefect keeps nothing.
trial: Task[..., Any] = Task(fn=_trial, name="trial", cache_policy=NO_CACHE, persist_result=False)
