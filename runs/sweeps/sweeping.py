"""The trials of a sweep, one after the other or several at once: which comes next, and what came of each.

Knows no Prefect: whoever runs it says how a trial is begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from evergreen.errors import BadRecipe
from evergreen.recipe import Recipe
from evergreen.sweeping.search import Study
from evergreen.sweeping.space import Space
from evergreen.sweeping.states import FAILED, PRUNED, REUSED, RUNNING, WAITING
from evergreen.sweeping.values import recipe_of
from runs.sweeps.trials import Trial
from runs.sweeps.work import Pruning, epochs_before

_MINUTE = 60.0
_ASK_EVERY_SECONDS, _LOOK_EVERY_SECONDS = 0.2, 1.0


class Begun(Protocol):
    """A trial that was begun elsewhere."""

    def is_over(self) -> bool:
        """Whether it has ended; what it found is in the trial then."""


Begin = Callable[[Trial, Sequence[Recipe], Pruning | None], Begun]


@dataclass
class Sweeping:
    """One sweep while it goes on.

    Attributes:
        space: what it tries.
        folder: where its search is kept.
        also: pairs that hold for every trial beside the sweep's own.
        seeds: of each trial's trainings, in turn.
        trials: those that were begun, in order, and then those of a grid that wait.
        out_of_budget: whether trials were left out since the time was over.
    """

    space: Space
    folder: Path
    also: Sequence[str] = ()
    trials: list[Trial] = field(default_factory=list)
    out_of_budget: bool = False

    def __post_init__(self) -> None:
        sweep = self.space.sweep
        self.seeds = sweep.seeds or (self.space.base.seed,)
        self.journal = self.folder / "study.journal"
        self._began = time.monotonic()
        self._grid = self.space.grid() if sweep.method == "grid" else None
        self._study = Study(
            self.journal,
            self.space.dimensions,
            sweep.method,
            sweep.seed,
            sweep.prune,
            epochs_before(self.space.base)[-1],
            several=sweep.parallel > 1,
        )
        for asked, how, why in self._study.asked()[: self.space.trials]:
            trial = self._trial(asked.number, asked.values)
            # One that was pruned stays so; any other is asked again: a record answers at once.
            if how in (PRUNED, FAILED):
                trial.state, trial.why = str(how), why
            self.trials.append(trial)
        if self._grid is not None:
            known = len(self.trials)
            self.trials += [self._trial(number, self._grid[number]) for number in range(known, len(self._grid))]

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def told_of(self, number: int, seed: int) -> Path:
        """Return the file for what is known of a trial's training after each epoch."""
        return self.folder / "trials" / f"{number:04d}-{seed}.jsonl"

    def run(self, begin: Begin, look: Callable[[], None]) -> None:
        """Have every trial done, so many at once as the sweep says, until all have ended or the time is over.

        Args:
            begin: begins a trial.
            look: is called now and then, and whenever a trial has begun or ended.
        """
        running: list[tuple[Trial, Begun]] = []
        looked = time.monotonic()
        waiting = self._waiting()
        while True:
            while len(running) < self.space.sweep.parallel and (trial := next(waiting, None)):
                trial.state, trial.began_at = RUNNING, self.seconds
                if begun := self._begun(trial, begin):
                    running.append((trial, begun))
                look()
            if not running:
                return
            time.sleep(_ASK_EVERY_SECONDS)
            ended = [pair for pair in running if pair[1].is_over()]
            for pair in ended:
                running.remove(pair)
                self._end(pair[0])
            if ended or time.monotonic() - looked >= _LOOK_EVERY_SECONDS:
                look()
                looked = time.monotonic()

    def _waiting(self) -> Iterator[Trial]:
        """Yield the trials that have not ended: those that were begun before, then new ones, as they are asked for."""
        for trial in list(self.trials):
            if trial.state != WAITING:
                continue
            if self._is_late():
                return
            if trial.number >= len(self._study.asked()):
                self._study.ask(trial.values)
            yield trial
        while self._grid is None and len(self.trials) < self.space.trials and not self._is_late():
            asked = self._study.ask()
            self.trials.append(self._trial(asked.number, asked.values))
            yield self.trials[-1]

    def _is_late(self) -> bool:
        budget = self.space.sweep.budget_minutes
        self.out_of_budget = budget is not None and self.seconds >= budget * _MINUTE
        return self.out_of_budget

    def _begun(self, trial: Trial, begin: Begin) -> Begun | None:
        """Begin a trial, unless its combination is no recipe: a row that says so."""
        try:
            recipes = [recipe_of(self.space.sweep, trial.values, seed, self.also) for seed in self.seeds]
        except BadRecipe as error:
            trial.state, trial.why = FAILED, str(error)
            self._study.tell(trial.number, "failed", why=trial.why)
            return None
        trial.epochs = epochs_before(recipes[0])[-1]
        pruning = Pruning(self.journal, trial.number, trial.epochs) if self.space.sweep.prune != "none" else None
        return begin(trial, recipes, pruning)

    def _end(self, trial: Trial) -> None:
        trial.settle()
        if trial.state == FAILED:
            if not trial.fitted[-1].again:
                self._study.tell(trial.number, "failed", why=trial.why)
        elif trial.state == PRUNED:
            self._study.tell(trial.number, "pruned", why=trial.why)
        else:
            self._report(trial)
            self._study.tell(trial.number, "done", trial.mean("val_accuracy"))

    def _report(self, trial: Trial) -> None:
        """Tell the pruner how one that was trained elsewhere stood after each epoch: others are compared with it."""
        first = trial.fitted[0]
        if self.space.sweep.prune == "none" or first.state != REUSED:
            return
        recipe = recipe_of(self.space.sweep, trial.values, self.seeds[0], self.also)
        before = epochs_before(recipe)
        study = Pruning(self.journal, trial.number, trial.epochs).study()
        for row in first.history:
            at = before[row["phase"] - 1] + row["epoch"]
            if at >= before[-1] or not study.goes_on(trial.number, at, row["val_accuracy"]):
                return

    def _trial(self, number: int, values: Mapping[str, Any]) -> Trial:
        told = self.told_of(number, self.seeds[0])
        return Trial(number, values, WAITING, told, epochs_before(self.space.base)[-1])
