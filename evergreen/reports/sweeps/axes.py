"""Axes of parallel coordinates: where a value stands between foot and top, and what is written there."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evergreen.reports.sweeps.drawing import steps
from evergreen.sweeping.found import is_finite, ranking
from evergreen.sweeping.naming import shown

METRICS = ("accuracy", "val_accuracy", "loss", "val_loss")
_MOST_TICKS = 12
_LEAST_APART = 0.08  # of an axis, so that no number lies on another


@dataclass(frozen=True)
class Axis:
    """One axis.

    Attributes:
        title: what stands above it.
        ticks: place from 0 (foot) to 1 (top), and what is written there.
        place: gives the place of a trial; None if it has none here.
        metric: whether it is of what a trial reached, not of what it was given.
    """

    title: str
    ticks: Sequence[tuple[float, str]]
    place: Callable[[Mapping[str, Any]], float | None]
    metric: bool = False


def value_axis(path: str, title: str, of: Mapping[str, Any], trials: Sequence[Mapping[str, Any]]) -> Axis:
    """Return the axis of a value that was swept over: choices at even distances, or a range, maybe of logarithms.

    Args:
        path: of the value, dotted.
        title: what stands above it.
        of: ``choices``, or ``low``, ``high`` and ``log``.
        trials: as ``sweep.json`` holds them.
    """
    if "choices" in of:
        return _choices(path, title, of["choices"])
    given = [trial["values"][path] for trial in trials if path in trial["values"]]
    low, high = min([of["low"], *given]), max([of["high"], *given])
    place, ticks = _scale(low, high, log=bool(of.get("log")))
    return Axis(title, [(place(at), shown(at)) for at in ticks], lambda trial: _at(place, trial["values"].get(path)))


def metric_axis(name: str, trials: Sequence[Mapping[str, Any]]) -> Axis:
    """Return the axis of what trials that ended well reached; accuracies as percentages."""
    known = [float(trial[name]) for trial in ranking(trials) if is_finite(trial[name])]
    if not known:
        return Axis(name, [], lambda _: None, metric=True)
    place, ticks = _scale(min(known), max(known), log=False)
    percent = name.endswith("accuracy")
    written = [(place(at), f"{100 * at:.4g} %" if percent else shown(at)) for at in ticks]
    return Axis(name, written, lambda trial: _at(place, trial[name]), metric=True)


def _choices(path: str, title: str, choices: Sequence[Any]) -> Axis:
    if all(isinstance(choice, int | float) and not isinstance(choice, bool) for choice in choices):
        choices = sorted(choices)
    last = len(choices) - 1
    places = {_code(choice): number / last if last else 0.5 for number, choice in enumerate(choices)}
    each = math.ceil(len(choices) / _MOST_TICKS)
    ticks = [(places[_code(choice)], shown(choice)) for choice in choices[::each]]
    return Axis(title, ticks, lambda trial: places.get(_code(trial["values"].get(path))))


def _scale(low: float, high: float, *, log: bool) -> tuple[Callable[[float], float], list[float]]:
    """Return what gives a number its place, 0-1, and the numbers to write: both ends, and round ones between."""
    if high <= low:
        return lambda _: 0.5, [low]
    if not log:
        span = high - low
        ticks = steps(low, high)

        def place(at: float) -> float:
            return (at - low) / span
    else:
        span = math.log(high / low)
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        ticks = [10.0**power for power in range(first, last + 1)]

        def place(at: float) -> float:
            return math.log(at / low) / span

    between = [tick for tick in ticks if _LEAST_APART < place(tick) < 1 - _LEAST_APART]
    return place, [low, *between, high]


def _at(place: Callable[[float], float], value: Any) -> float | None:
    return place(float(value)) if is_finite(value) else None


def _code(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
