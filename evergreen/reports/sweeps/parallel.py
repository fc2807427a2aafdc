"""Parallel coordinates of a sweep (Inselberg 1985): a line a trial, over its values and what it reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evergreen.reports.figures import GREY
from evergreen.reports.sweeps.axes import METRICS, Axis, metric_axis, value_axis
from evergreen.reports.sweeps.drawing import CURRENT, colour, colours, drawn, label, line_of, opening, scale_of
from evergreen.sweeping.naming import short_names
from evergreen.sweeping.states import ENDED

_LEFT, _APART, _RIGHT = 62, 130, 96
_TOP, _FOOT, _HEIGHT = 44, 304, 352
_SCALE_WIDTH, _SCALE_PARTS = 160, 16


def parallel(sweep: Mapping[str, Any], ink: str = CURRENT) -> str:
    """Return an SVG: an axis a value that was swept over, then accuracy and loss of training and validation.

    Lines are coloured by validation accuracy, the best one broad and on top. A trial that failed or was pruned ends
    with a cross behind its values: what it reached is of fewer epochs than the others'. The ground is transparent.

    Args:
        sweep: values of ``sweep.json``.
        ink: colour of text; of a picture that stands outside a page, one that is read on both grounds.
    """
    axes = axes_of(sweep)
    trials = drawn(sweep["trials"])
    of = colours(sweep["trials"])
    parts = [opening(width_of(sweep), _HEIGHT, "Parallel coordinates: a line a trial")]
    for number, axis in enumerate(axes):
        x = _LEFT + number * _APART
        parts.append(f'<path d="M{x} {_TOP}V{_FOOT}" stroke="{GREY}"/>')
        parts.append(label(x, 20, axis.title, ink=ink, more=' font-weight="600"'))
    parts.append('<g class="lines">')
    for trial in trials:
        if points := _points(trial, axes):
            parts.append(line_of(trial, points, of[trial["number"]], sweep["best"]))
    parts.append("</g>")
    for number, axis in enumerate(axes):  # over the lines, so that they are read
        x = _LEFT + number * _APART
        for place, text in axis.ticks:
            parts.append(f'<path d="M{x - 3} {_y(place):.1f}h6" stroke="{GREY}"/>')
            parts.append(label(x + 6, _y(place) - 4, text, ink=ink, anchor="start", more=' class="tick"'))
    return "".join([*parts, *_legend(sweep, ink), "</svg>"])


def axes_of(sweep: Mapping[str, Any]) -> list[Axis]:
    """Return the axes of a sweep, values first."""
    names = short_names(sweep["over"])
    values = [value_axis(path, names[path], of, sweep["trials"]) for path, of in sweep["over"].items()]
    return [*values, *(metric_axis(name, sweep["trials"]) for name in METRICS)]


def width_of(sweep: Mapping[str, Any]) -> int:
    """Return how many pixels wide the picture is."""
    return _LEFT + (len(sweep["over"]) + len(METRICS) - 1) * _APART + _RIGHT


def _points(trial: Mapping[str, Any], axes: list[Axis]) -> list[tuple[float, float]]:
    """Return where a trial's line goes; on behind its values only if it ended well."""
    whole = trial["state"] in ENDED
    places = [(number, axis.place(trial)) for number, axis in enumerate(axes) if whole or not axis.metric]
    return [(_LEFT + number * _APART, _y(place)) for number, place in places if place is not None]


def _y(place: float) -> float:
    return _FOOT - place * (_FOOT - _TOP)


def _legend(sweep: Mapping[str, Any], ink: str) -> list[str]:
    """Return the scale of colours with its ends; nothing if no trial has an accuracy."""
    low, high, below = scale_of(sweep["trials"])
    if not high:
        return []
    x, width = _LEFT + 150, _SCALE_WIDTH / _SCALE_PARTS
    cells = [
        f'<rect x="{x + number * width:.1f}" y="329" width="{width + 0.5:.1f}" height="10" '
        f'fill="{colour(number / (_SCALE_PARTS - 1))}"/>'
        for number in range(_SCALE_PARTS)
    ]
    return [
        label(x - 8, 338, f"val_accuracy {'to ' if below else ''}{100 * low:.3g} %", ink=ink, anchor="end", cut=False),
        *cells,
        label(x + _SCALE_WIDTH + 8, 338, f"{100 * high:.3g} %", ink=ink, anchor="start"),
    ]
