"""Figures as PNG bytes, on light or on dark ground: no screen, no global state, no clock."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.sources.archives.names import visible

if TYPE_CHECKING:
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Legible on both grounds.
BLUE, ORANGE, GREEN, GREY = "#3f84c5", "#d9822b", "#4f9d69", "#8a8f98"
_LIGHT = {"ground": "#ffffff", "ink": "#1d2733"}
_DARK = {"ground": "#1d232a", "ink": "#e8ebee"}
_DOTS_PER_INCH = 130


def figure_of(
    width: float, height: float, *, columns: int = 1, rows: int = 1, dark: bool = False
) -> tuple[Figure, list[Any]]:
    """Return a figure of so many inches, and its axes in reading order."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    colours = _DARK if dark else _LIGHT
    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained", facecolor=colours["ground"])
    FigureCanvasAgg(figure)
    axes = list(np.ravel(figure.subplots(rows, columns)))
    for axis in axes:
        axis.set_facecolor(colours["ground"])
        axis.tick_params(colors=colours["ink"])
        for part in (axis.title, axis.xaxis.label, axis.yaxis.label):
            part.set_color(colours["ink"])
        for name, spine in axis.spines.items():
            spine.set_visible(name in ("left", "bottom"))
            spine.set_color(GREY)
    return figure, axes


def ink(dark: bool) -> str:
    """Return the colour of text on a ground."""
    return (_DARK if dark else _LIGHT)["ink"]


def legend(axis: Any, dark: bool, **options: Any) -> None:
    """Add a legend without a frame."""
    axis.legend(frameon=False, labelcolor=ink(dark), **options)


def names_on(axis: Axis, names: Iterable[str], **options: Any) -> None:
    """Write class names along an axis, as they stand: ``$`` begins no formula, control characters are escapes."""
    shown = [visible(name) for name in names]
    axis.set_ticks(range(len(shown)), shown, parse_math=False, **options)


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG that names no version and no time."""
    data = io.BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()
