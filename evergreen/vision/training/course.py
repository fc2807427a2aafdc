"""The course of a training over its phases: history, best epochs, and when to stop."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.judging.ended import Why

if TYPE_CHECKING:
    from evergreen.sections.phases import EarlyStopping
    from evergreen.sections.training import Train

METRICS = ("val_loss", "val_accuracy")


@dataclass
class Best:
    """The weights of the best epoch over all phases, by one validation metric; earlier wins a tie.

    Attributes:
        metric: val_loss or val_accuracy.
        epoch: its position in the history, from 0.
        weights: those that training can have changed.
    """

    metric: str
    epoch: int = -1
    weights: list[np.ndarray] = field(default_factory=list)
    score: float = -np.inf

    def offer(self, weights: list[np.ndarray], metrics: dict[str, float], epoch: int) -> None:
        """Keep the weights if they are better than any before."""
        score = metrics[self.metric] * (-1 if "loss" in self.metric else 1)
        if score > self.score:
            self.score, self.epoch, self.weights = score, epoch, weights

    def facts(self) -> dict[str, Any]:
        """Return what a checkpoint keeps besides the weights."""
        return {"epoch": self.epoch, "score": self.score}


class Course:
    """What has come of a training so far, and whether and why it has ended.

    Attributes:
        history: one row an epoch: phase, epoch, loss, accuracy, val_loss, val_accuracy, learning_rate.
        best: validation metric -> its best epoch.
        ended: why no further epoch shall begin; None while one shall.
        once: seconds that went into what is made once and kept (features); they do not count for the time limit.
    """

    def __init__(self, train: Train) -> None:
        self._stop_when = train.stop_when
        self._most = [phase.epochs for phase in train.phases]
        self._schedules = [phase.schedule for phase in train.phases]
        self._limit = (train.time_limit_minutes or float("inf")) * 60
        self._began = time.monotonic()
        self._before = self._not_counted = 0.0
        self._epoch_began: float | None = None
        self._took = self._in_epoch = self.once = 0.0
        self._phases: list[dict[str, Any]] = []
        self.history: list[dict[str, float]] = []
        self.best = {metric: Best(metric) for metric in METRICS}
        self.ended: Why | None = None

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite without one."""
        return self._limit - self.elapsed

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, also before it was stopped; without those of ``once``."""
        return self._before + time.monotonic() - self._began - self._not_counted

    def leave_out(self, seconds: float) -> None:
        """Do not count seconds that have just passed: what was made in them is kept for every later training."""
        self._not_counted += seconds
        self.once += seconds

    @property
    def out_of_time(self) -> bool:
        """Whether the time limit has passed."""
        return self.seconds_left <= 0

    def begin(self) -> None:
        """An epoch begins to learn: what was made ready for it does not count as its time, and is not made again."""
        self._epoch_began = time.monotonic() - self._in_epoch

    def seen(self, weights: list[np.ndarray], row: dict[str, float]) -> None:
        """Take note of an epoch that has ended with these weights."""
        if self._epoch_began is not None:
            self._took = time.monotonic() - self._epoch_began
        self._epoch_began, self._in_epoch = None, 0.0
        for best in self.best.values():
            best.offer(weights, row, len(self.history))
        self.history.append(row)

    def over(self, phase: int, epoch: int, patient: bool, midway: bool = False) -> bool:
        """Return whether a phase is over after the epoch that was seen last, and note why.

        Args:
            phase: from 1.
            epoch: its epochs so far.
            patient: whether early stopping has waited long enough.
            midway: whether the time limit passed within the epoch.
        """
        row, wanted, last = self.history[-1], self._stop_when, phase == len(self._most)
        why: Why | None = None
        if wanted and row["accuracy"] > wanted.accuracy and row["val_accuracy"] > wanted.val_accuracy:
            why = "stop_when"
        elif midway:
            why = "time limit"
        elif patient:
            why = "patience"
        elif epoch == self._most[phase - 1]:
            why = "epochs"
        elif self._no_time:
            why = "time limit"
        self._note(phase, epoch - midway, midway, why)
        if why in ("stop_when", "time limit") or (why and last):
            self.ended = why
        elif why:
            self.ended = "time limit" if self._no_time else None
        return why is not None

    @property
    def _no_time(self) -> bool:
        """Whether another epoch would pass the time limit."""
        return self.seconds_left < self._took

    def _note(self, phase: int, epochs: int, midway: bool, why: Why | None) -> None:
        noted: dict[str, Any] = {
            "phase": phase,
            "epochs": epochs,
            "of": self._most[phase - 1],
            "midway": midway,
            "why": why,
        }
        if self._schedules[phase - 1] != "constant" and epochs < self._most[phase - 1]:
            noted["schedule"] = self._schedules[phase - 1]
        self._phases = [*self._phases[: phase - 1], noted]

    def told(self, phase: int = 0, epochs: int = 0, midway: bool = False) -> dict[str, Any]:
        """Return why the training ended, as ``ended.words`` takes it.

        Args:
            phase: in which it was stopped, from 1, if it was.
            epochs: how many of its epochs were done by then.
            midway: whether part of another was.
        """
        if phase and not any(noted["phase"] == phase and noted["why"] for noted in self._phases):
            self._note(phase, epochs, midway, "stopped")
        begun = len(self._phases)
        rest = [
            {"phase": number, "epochs": 0, "of": most, "midway": False, "why": "not begun"}
            for number, most in enumerate(self._most[begun:], start=begun + 1)
        ]
        return {"why": "stopped" if phase else self.ended, "phases": [*self._phases, *rest]}

    def facts(self) -> dict[str, Any]:
        """Return what a checkpoint keeps besides weights."""
        best = {metric: best.facts() for metric, best in self.best.items()}
        within = 0.0 if self._epoch_began is None else time.monotonic() - self._epoch_began
        seconds = {"elapsed": self.elapsed, "once": self.once, "took": self._took, "in_epoch": within}
        return {"history": self.history, "best": best, "ended": self.ended, "phases": self._phases, **seconds}

    def restore(self, facts: Mapping[str, Any], weights: Mapping[str, list[np.ndarray]]) -> None:
        """Take up where ``facts`` and the best weights, by metric, were kept; what a shorter time limit cut goes on."""
        self.history, self.ended, self._phases = list(facts["history"]), facts["ended"], list(facts["phases"])
        self._before, self._took, self._in_epoch = facts["elapsed"], facts["took"], facts["in_epoch"]
        self.once = facts["once"]
        if self.ended == "time limit" and not self._no_time:
            self.ended = None
        for metric, kept in facts["best"].items():
            self.best[metric] = Best(metric, kept["epoch"], weights.get(metric, []), kept["score"])


def waited(state: dict[str, float], metrics: dict[str, float], monitor: str) -> float:
    """Note an epoch in ``best`` and ``waited`` of a state, and return how many epochs were no better than the best."""
    value = metrics[monitor] * (1 if "loss" in monitor else -1)
    better = value < state["best"]
    state |= {"best": min(value, state["best"]), "waited": 0 if better else state["waited"] + 1}
    return state["waited"]


class Patience:
    """Early stopping of one phase: over once so many epochs were no better than the best before."""

    def __init__(self, stopping: EarlyStopping | None) -> None:
        self._stopping = stopping
        self.state: dict[str, float] = {"best": np.inf, "waited": 0}

    def seen(self, metrics: dict[str, float]) -> bool:
        """Take note of an epoch and return whether the phase is over."""
        if self._stopping is None:
            return False
        return waited(self.state, metrics, self._stopping.monitor) >= self._stopping.patience
