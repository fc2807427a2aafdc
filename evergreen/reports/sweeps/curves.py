"""Validation accuracy of every trial by epoch, as one SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evergreen.reports.figures import GREY
from evergreen.reports.sweeps.drawing import CURRENT, colours, drawn, label, line_of, opening, steps
from evergreen.sweeping.found import is_finite

WIDTH = 760
_HEIGHT, _LEFT, _RIGHT, _TOP, _FOOT = 320, 52, 76, 14, 282


def curves(sweep: Mapping[str, Any], ink: str = CURRENT) -> str:
    """Return an SVG of all learning curves; empty if no trial has an epoch.

    Epochs are counted over all phases, from 1. Colours are those of the parallel coordinates; the best trial is named,
    a pruned one ends with a cross. The ground is transparent.

    Args:
        sweep: values of ``sweep.json``.
        ink: colour of text; of a picture that stands outside a page, one that is read on both grounds.
    """
    lines = [(trial, known) for trial in drawn(sweep["trials"]) if (known := _accuracies(trial))]
    if not lines:
        return ""
    accuracies = [accuracy for _, known in lines for _, accuracy in known]
    last = max(epoch for _, known in lines for epoch, _ in known)
    low, high = min(accuracies), max(accuracies)
    if high <= low:
        low, high = max(0.0, low - 0.05), min(1.0, high + 0.05)

    def at(epoch: int, accuracy: float) -> tuple[float, float]:
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * ((epoch - 1) / (last - 1) if last > 1 else 0.5)
        return x, _FOOT - (_FOOT - _TOP) * (accuracy - low) / (high - low)

    parts = [opening(WIDTH, _HEIGHT, "Validation accuracy of every trial by epoch")]
    for accuracy in steps(low, high):
        _, y = at(1, accuracy)
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="{GREY}" stroke-opacity=".35"/>')
        parts.append(label(_LEFT - 6, y + 4, f"{100 * accuracy:.4g} %", ink=ink, anchor="end"))
    for epoch in sorted({max(1, round(epoch)) for epoch in steps(1, last, 10)} | {1}):
        parts.append(label(at(epoch, low)[0], _FOOT + 18, str(epoch), ink=ink))
    parts.append(label((_LEFT + WIDTH - _RIGHT) / 2, _FOOT + 34, "epoch", ink=ink))
    of = colours(sweep["trials"])
    parts.append('<g class="lines">')
    for trial, known in lines:
        points = [at(epoch, accuracy) for epoch, accuracy in known]
        parts.append(line_of(trial, points, of[trial["number"]], sweep["best"]))
        if trial["number"] == sweep["best"]:
            x, y = points[-1]
            parts.append(label(x + 9, y + 4, f"trial {trial['number']}", ink=ink, anchor="start"))
    return "".join([*parts, "</g></svg>"])


def _accuracies(trial: Mapping[str, Any]) -> list[tuple[int, float]]:
    """Return epoch over all phases, from 1, and validation accuracy, where it is a number."""
    rows = enumerate(trial["history"], start=1)
    return [(epoch, float(row["val_accuracy"])) for epoch, row in rows if is_finite(row["val_accuracy"])]
