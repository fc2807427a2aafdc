"""Pictures of a model as PNG bytes: curves, confusion matrix, reliability."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from evergreen.judging.metrics import normalized
from evergreen.reports.figures import BLUE, GREY, ORANGE, figure_of, ink, legend, names_on, to_png

if TYPE_CHECKING:
    import pandas as pd

_MOST_CELLS_WITH_TEXT = 20
_MOST_NAMES = 40


def curve(history: pd.DataFrame, metric: str, *, dark: bool = False) -> bytes:
    """Draw a metric of training and validation over all epochs of all phases; borders and the kept epoch are marked.

    Args:
        history: one row an epoch: phase, the metric, val_ and the metric, kept.
        metric: loss or accuracy.
        dark: draw on dark ground.
    """
    phase = history["phase"].astype(int).to_numpy()
    epochs = np.arange(1, len(history) + 1)
    figure, (axis,) = figure_of(5.6, 3.6, dark=dark)
    dots = "o" if len(history) == 1 else ""
    axis.plot(epochs, history[metric].astype(float), color=BLUE, label="train", marker=dots)
    axis.plot(epochs, history[f"val_{metric}"].astype(float), color=ORANGE, label="validation", marker=dots)
    kept = kept_epoch(history)
    axis.axvline(kept, color=GREY, linestyle=":", label=f"kept: epoch {kept}")
    borders = [0, *(np.flatnonzero(np.diff(phase)) + 1), len(phase)]
    for start, end in pairwise(borders):
        if start:
            axis.axvline(start + 0.5, color=GREY, linewidth=0.9)
        if len(borders) > 2:
            middle, top = (start + end + 1) / 2, axis.get_xaxis_transform()
            axis.text(middle, 1, f"phase {phase[start]}", transform=top, ha="center", va="bottom", color=GREY)
    axis.set(xlabel="epoch", ylabel=metric)
    axis.xaxis.get_major_locator().set_params(integer=True)
    legend(axis, dark)
    return to_png(figure)


def kept_epoch(history: pd.DataFrame) -> int:
    """Return the number of the epoch whose weights are the model, from 1, counted over all phases."""
    return int((history["kept"].astype(str) == "True").to_numpy().argmax()) + 1


def confusion_matrix(confusion: pd.DataFrame, *, dark: bool = False) -> bytes:
    """Draw true class (row) against predicted class (column): colour and number are the share, below it the count.

    So many classes that their names would lie over each other are numbered from 0 instead, in the contract's order.

    Args:
        confusion: label, then one column of counts a class.
        dark: draw on dark ground.
    """
    classes = list(confusion["label"])
    counts = confusion.iloc[:, 1:].to_numpy().astype(int)
    shares = normalized(counts)
    side = min(10, max(3.6, 0.55 * len(classes) + 1.6))
    figure, (axis,) = figure_of(side, side, dark=dark)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set(xlabel="predicted", ylabel="true")
    if len(classes) <= _MOST_NAMES:
        names_on(axis.xaxis, classes, rotation=45, ha="right")
        names_on(axis.yaxis, classes)
    else:
        axis.set(xlabel="predicted class, by its number", ylabel="true class, by its number")
    if len(classes) <= _MOST_CELLS_WITH_TEXT:
        for row, column in np.argwhere(counts > 0):
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{shares[row, column]:.0%}\n{counts[row, column]}"
            axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=7)
    return to_png(figure)


def reliability(bins: dict[str, list[dict[str, float]]], *, dark: bool = False) -> bytes:
    """Draw accuracy against mean top-1 probability, as it is and scaled; a dot's area goes with its images.

    Args:
        bins: name of a curve -> its bins, as ``judging.calibration.reliability`` returns them.
        dark: draw on dark ground.
    """
    figure, (axis,) = figure_of(4.8, 4.4, dark=dark)
    axis.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="as sure as right")
    for (name, some), colour in zip(bins.items(), (BLUE, ORANGE), strict=True):
        most = max(one["count"] for one in some)
        place = [one["confidence"] for one in some], [one["accuracy"] for one in some]
        axis.plot(*place, color=colour, label=name, linewidth=1.2)
        axis.scatter(*place, s=[12 + 90 * one["count"] / most for one in some], color=colour, alpha=0.7, linewidth=0)
    axis.set(xlabel="top-1 probability", ylabel="accuracy", xlim=(0, 1.02), ylim=(0, 1.04))
    axis.tick_params(labelcolor=ink(dark))
    legend(axis, dark, loc="upper left")
    return to_png(figure)
