"""The course of a training over its phases: history, best epochs, when to stop, and the learning rate."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from evergreen.sections.training import EarlyStopping, Phase, Train

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
    """What has come of a training so far, and whether it has ended.

    Attributes:
        history: one row an epoch: phase, epoch, loss, accuracy, val_loss, val_accuracy, learning_rate.
        best: validation metric -> its best epoch.
        ended: whether no further epoch shall begin: good enough, or the next would pass the time limit.
    """

    def __init__(self, train: Train) -> None:
        self._stop_when = train.stop_when
        self._limit = (train.time_limit_minutes or float("inf")) * 60
        self._began = self._epoch_began = time.monotonic()
        self._before = 0.0
        self.history: list[dict[str, float]] = []
        self.best = {metric: Best(metric) for metric in METRICS}
        self.ended = False

    @property
    def seconds_left(self) -> float:
        """Seconds until the time limit; infinite without one."""
        return self._limit - self._elapsed

    @property
    def _elapsed(self) -> float:
        return self._before + time.monotonic() - self._began

    @property
    def out_of_time(self) -> bool:
        """Whether the time limit has passed."""
        return self.seconds_left <= 0

    def seen(self, weights: list[np.ndarray], row: dict[str, float]) -> None:
        """Take note of an epoch that has ended with these weights."""
        now = time.monotonic()
        took, self._epoch_began = now - self._epoch_began, now
        for best in self.best.values():
            best.offer(weights, row, len(self.history))
        self.history.append(row)
        wanted = self._stop_when
        good = wanted and row["accuracy"] > wanted.accuracy and row["val_accuracy"] > wanted.val_accuracy
        self.ended = bool(good) or self.seconds_left < took

    def facts(self) -> dict[str, Any]:
        """Return what a checkpoint keeps besides weights."""
        best = {metric: best.facts() for metric, best in self.best.items()}
        return {"history": self.history, "best": best, "ended": self.ended, "elapsed": self._elapsed}

    def restore(self, facts: Mapping[str, Any], weights: Mapping[str, list[np.ndarray]]) -> None:
        """Take up where ``facts`` and the best weights, by metric, were kept."""
        self.history, self.ended, self._before = list(facts["history"]), facts["ended"], facts["elapsed"]
        for metric, kept in facts["best"].items():
            self.best[metric] = Best(metric, kept["epoch"], weights.get(metric, []), kept["score"])


def _waited(state: dict[str, float], metrics: dict[str, float], monitor: str) -> float:
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
        return _waited(self.state, metrics, self._stopping.monitor) >= self._stopping.patience


class LearningRate:
    """The learning rate of a phase: what it begins with, times its decay for each epoch, times every reduction so far.

    Decay and reduction compose by multiplication, and never go below ``min_learning_rate``. In Keras the scheduler
    would override what ReduceLROnPlateau has set.
    """

    def __init__(self, phase: Phase) -> None:
        self._phase = phase
        self.state: dict[str, float] = {"factor": 1.0, "best": np.inf, "waited": 0}
        self.now = phase.learning_rate

    def of(self, epoch: int) -> float:
        """Return the rate of an epoch, from 0."""
        plateau = self._phase.reduce_on_plateau
        floor = plateau.min_learning_rate if plateau else 0.0
        self.now = max(floor, self._phase.learning_rate * self._phase.decay**epoch * self.state["factor"])
        return self.now

    def seen(self, metrics: dict[str, float]) -> None:
        """Reduce the rate once so many epochs were no better."""
        plateau = self._phase.reduce_on_plateau
        if plateau is None:
            return
        if _waited(self.state, metrics, plateau.monitor) >= plateau.patience:
            self.state |= {"factor": self.state["factor"] * plateau.factor, "waited": 0}
