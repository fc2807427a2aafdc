"""Pictures as PNG bytes without clocks: curves, confusion matrix, mistakes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREY = "#2f6fab", "#d9822b", "#8a8f98"


def curves(history: pd.DataFrame) -> bytes:
    """Draw loss and accuracy over all epochs of all phases; the kept epoch is marked.

    Args:
        history: one row an epoch: phase, loss, accuracy, val_loss, val_accuracy, kept.
    """
    numbers = history[["phase", "loss", "accuracy", "val_loss", "val_accuracy"]].astype(float)
    epochs = np.arange(1, len(history) + 1)
    kept = int(np.flatnonzero(history["kept"].astype(str) == "True")[0]) + 1
    figure, axes = _figure(9, 3.4, columns=2)
    for axis, metric in zip(axes, ("loss", "accuracy"), strict=True):
        axis.plot(epochs, numbers[metric], color=_BLUE, label="train")
        axis.plot(epochs, numbers[f"val_{metric}"], color=_ORANGE, label="validation")
        axis.axvline(kept, color=_GREY, linestyle=":", label=f"kept: epoch {kept}")
        for border in np.flatnonzero(np.diff(numbers["phase"])):
            axis.axvline(border + 1.5, color=_GREY, linewidth=0.8)
        axis.set(title=metric, xlabel="epoch")
        axis.legend(frameon=False)
    return _png(figure)


def confusion_matrix(confusion: pd.DataFrame) -> bytes:
    """Draw counts of true class (row) against predicted class (column).

    Args:
        confusion: label, then one column of counts a class.
    """
    classes = list(confusion["label"])
    counts = confusion[classes].to_numpy().astype(int)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(10, max(3.6, 0.5 * len(classes) + 1.6))
    figure, (axis,) = _figure(side, side)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.set(xlabel="predicted", ylabel="true", xticks=range(len(classes)), yticks=range(len(classes)))
    axis.set_xticklabels(classes, rotation=45, ha="right")
    axis.set_yticklabels(classes)
    if len(classes) <= 20:
        for row, column in np.argwhere(counts > 0):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axis.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, fontsize=8)
    return _png(figure)


def mistakes(pictures: list[tuple[np.ndarray, str]]) -> bytes:
    """Draw up to 12 images, (H, W, 3) uint8 each, with their captions."""
    columns = 6
    rows = -(-len(pictures) // columns)
    figure, axes = _figure(9, 1.9 * rows, columns=columns, rows=rows)
    for axis in axes:
        axis.axis("off")
    for axis, (pixels, caption) in zip(axes, pictures, strict=False):
        axis.imshow(pixels, interpolation="nearest")
        axis.set_title(caption, fontsize=8)
    return _png(figure)


def _figure(width: float, height: float, *, columns: int = 1, rows: int = 1) -> tuple[Figure, list[Any]]:
    """Return a figure that no global state and no screen knows of, and its axes in reading order."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(np.ravel(figure.subplots(rows, columns)))


def _png(figure: Figure) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", metadata={"Software": None})
    return data.getvalue()
