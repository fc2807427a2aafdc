"""Which values come next, and whether a trial is worth going on with: Optuna's search, kept in a file.

The file is Optuna's journal, a line an event, each on the disk before it counts: it outlives kill -9. What a trial
gave is a model under a step key, elsewhere; lose the file, and the search asks the same things again and finds them
answered.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from evergreen.sections.sweep import Method, Prune
from evergreen.sweeping.dimensions import Choices, Dimensions

Ended = Literal["done", "pruned", "failed"]

# At each rung a third goes on, and the next is three times as high: Li et al. 2020 (arXiv:1810.05934), algorithm 2,
# whose experiments take 4; 3 loses fewer that begin slowly in the few epochs that there are here.
_REDUCTION = 3
_LOWEST_RUNG = 9  # the part of all epochs that every trial is given
_DIGITS = 4  # of a number that the search chooses: what it adds says nothing, and makes no line to type longer
_VALUES, _WHY, _PRUNED = "values", "why", "pruned at"


@dataclass(frozen=True)
class Asked:
    """What the search wants to know.

    Attributes:
        number: of the trial, from 0.
        values: dotted path -> value.
    """

    number: int
    values: dict[str, Any]


class Study:
    """The search of one sweep.

    What comes next follows from the seed, the number of the trial and the answers so far, however often the process
    was killed in between. With several trials at once it also follows from which of them ended first.
    """

    def __init__(
        self,
        file: Path,
        dimensions: Dimensions,
        method: Method = "grid",
        seed: int = 0,
        prune: Prune = "none",
        epochs: int = 1,
        several: bool = False,
    ) -> None:
        """Open a study, or begin one.

        Args:
            file: the journal; whoever opens it names the same search.
            dimensions: what is searched. A grid's values are given with each question.
            method: how.
            seed: of what is drawn.
            prune: whether trials end before their last epoch.
            epochs: of a whole trial.
            several: whether several trials run at once: the search then keeps away from those that run.
        """
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        file.parent.mkdir(parents=True, exist_ok=True)
        self._optuna, self._method, self._seed, self._several = optuna, method, seed, several
        self._dimensions = dimensions
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(file), lock_obj=_Lock(file)))
        lowest = max(1, round(epochs / _LOWEST_RUNG))
        pruner = (
            optuna.pruners.SuccessiveHalvingPruner(min_resource=lowest, reduction_factor=_REDUCTION)
            if prune == "successive-halving"
            else optuna.pruners.NopPruner()
        )
        self._study = optuna.create_study(
            study_name="sweep", storage=storage, load_if_exists=True, direction="maximize", pruner=pruner
        )

    def ask(self, fixed: Mapping[str, Any] | None = None) -> Asked:
        """Begin the next trial.

        Args:
            fixed: its values, of a grid; else the search chooses.
        """
        trials = self._study.get_trials(deepcopy=False)
        # A kill between asking and noting what was asked left one without values: it is asked to its end.
        state = self._optuna.trial.TrialState.RUNNING
        left = next((one for one in trials if one.state == state and _VALUES not in one.user_attrs), None)
        self._study.sampler = self._sampler(left.number if left else len(trials))
        trial = self._optuna.trial.Trial(self._study, left._trial_id) if left else self._study.ask()
        values = dict(fixed) if fixed is not None else self._chosen(trial)
        trial.set_user_attr(_VALUES, values)
        return Asked(trial.number, values)

    def asked(self) -> list[tuple[Asked, Ended | None, str]]:
        """Return every trial that began, in order, how it ended (None: it has not) and why, in words."""
        state = self._optuna.trial.TrialState
        ends: dict[Any, Ended] = {state.COMPLETE: "done", state.PRUNED: "pruned", state.FAIL: "failed"}
        return [(Asked(trial.number, dict(values)), ends.get(trial.state), why) for trial, values, why in self._known()]

    def goes_on(self, number: int, epoch: int, val_accuracy: float) -> bool:
        """Note how a trial stands after an epoch, and return whether it is worth going on with.

        One that was found not worth it stays so, whoever is killed before that is told. One that had ended already, and
        is trained again since its model is gone, comes to the same end.

        Args:
            number: of the trial.
            epoch: from 1, over all phases.
            val_accuracy: 0 to 1.
        """
        known = self._study.get_trials(deepcopy=False)[number]
        if known.state.is_finished():
            return True
        if _PRUNED in known.user_attrs:
            return bool(epoch < known.user_attrs[_PRUNED])
        trial = self._optuna.trial.Trial(self._study, known._trial_id)
        trial.report(val_accuracy, epoch)
        if trial.should_prune():
            trial.set_user_attr(_PRUNED, epoch)
            return False
        return True

    def tell(self, number: int, how: Ended, val_accuracy: float | None = None, why: str = "") -> None:
        """End a trial; one that had ended stays as it was.

        Args:
            number: of the trial.
            how: whether it came to its end, was pruned, or failed.
            val_accuracy: 0 to 1, of one that came to its end.
            why: in words, of one that did not.
        """
        known = self._study.get_trials(deepcopy=False)[number]
        if known.state.is_finished():
            return
        if why:
            self._optuna.trial.Trial(self._study, known._trial_id).set_user_attr(_WHY, why)
        state = self._optuna.trial.TrialState
        states = {"done": state.COMPLETE, "pruned": state.PRUNED, "failed": state.FAIL}
        value = val_accuracy if how == "done" else None
        self._study.tell(number, value, states[how])

    def _known(self) -> list[tuple[Any, dict[str, Any], str]]:
        trials = self._study.get_trials(deepcopy=False)
        # Whose process was killed between asking and noting what was asked is no trial: nobody can say of what.
        told = [trial for trial in trials if _VALUES in trial.user_attrs]
        return [(trial, trial.user_attrs[_VALUES], trial.user_attrs.get(_WHY, "")) for trial in told]

    def _sampler(self, number: int, path: str = "") -> Any:
        """Return what chooses a trial's values together, or one of them: made anew, so no kill moves what it draws."""
        words = json.dumps([self._seed, number, path]).encode()
        seed = int.from_bytes(hashlib.sha256(words).digest()[:4])
        if self._method == "tpe":
            return self._optuna.samplers.TPESampler(seed=seed, constant_liar=self._several)
        return self._optuna.samplers.RandomSampler(seed=seed)

    def _chosen(self, trial: Any) -> dict[str, Any]:
        """Return the search's choice of all values, the same after a kill that left some of them chosen."""
        trial.relative_params  # noqa: B018 - draws together what is drawn together, before any is drawn alone
        return {path: self._suggested(trial, path) for path in self._dimensions}

    def _suggested(self, trial: Any, path: str) -> Any:
        """Return the search's choice of a value; of choices it knows the JSON, since Optuna takes only plain values."""
        one = self._dimensions[path]
        self._study.sampler = self._sampler(trial.number, path)
        if isinstance(one, Choices):
            return json.loads(trial.suggest_categorical(path, [json.dumps(value) for value in one.values]))
        if one.whole:
            return trial.suggest_int(path, int(one.low), int(one.high), step=int(one.step or 1), log=one.log)
        drawn = trial.suggest_float(path, one.low, one.high, step=one.step, log=one.log)
        if one.step is not None:
            return one.values[round((drawn - one.low) / one.step)]  # as it is written, without what steps add up to
        return min(one.high, max(one.low, float(f"{drawn:.{_DIGITS}g}")))


class _Lock(JournalFileOpenLock):
    """A lock on the journal that the system releases with its holder; Optuna's own are files that a kill leaves."""

    def __init__(self, file: Path) -> None:
        super().__init__(str(file))
        self._file, self._lock = file, _lock_of(file)

    def acquire(self) -> bool:
        """Wait for it, and cut off what a writer left half written: what is added to that would be no line either."""
        self._lock.acquire()
        _cut(self._file)
        return True

    def release(self) -> None:
        """Let go of it."""
        self._lock.release()


def _cut(file: Path) -> None:
    """Cut off what stands behind the last end of a line, as a kill or a full disk leaves it; the lock is held."""
    if not file.exists():
        return
    with file.open("r+b") as journal:
        end = journal.seek(0, os.SEEK_END)
        if end == 0 or (journal.seek(end - 1), journal.read(1))[1] == b"\n":
            return
        journal.seek(0)
        journal.truncate(journal.read().rfind(b"\n") + 1)


def _lock_of(file: Path) -> FileLock:
    return FileLock(f"{file}.lock", thread_local=False, fallback_to_soft=False)
