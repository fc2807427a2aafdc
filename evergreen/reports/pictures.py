"""Pictures as PNG bytes without clocks: curves, confusion matrix, galleries, distributions."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_BLUE, _ORANGE, _GREEN, _GREY = "#2f6fab", "#d9822b", "#4f9d69", "#8a8f98"


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


def class_distribution(counts: pd.DataFrame) -> bytes:
    """Draw how many images each class has, one bar a class, its splits stacked.

    Args:
        counts: one row a class, in order; one column of counts a split.
    """
    figure, (axis,) = _figure(9, max(2.2, 0.34 * len(counts) + 1.2))
    left = np.zeros(len(counts))
    for split, colour in zip(counts.columns, (_BLUE, _ORANGE, _GREEN, _GREY), strict=False):
        axis.barh(range(len(counts)), counts[split], left=left, color=colour, label=split, height=0.7)
        left += counts[split].to_numpy()
    for row, total in enumerate(left):
        axis.text(total, row, f" {int(total):,}", va="center", fontsize=8)
    axis.set_yticks(range(len(counts)), list(counts.index))
    axis.invert_yaxis()
    axis.set(xlabel="images", xlim=(0, max(1, left.max()) * 1.1))
    axis.legend(frameon=False, loc="lower right")
    return _png(figure)


def resolutions(sizes: pd.DataFrame) -> bytes:
    """Draw widths against heights, one dot a size, larger for more images; the mean is marked.

    Args:
        sizes: one row an image: width, height in pixels.
    """
    figure, (axis,) = _figure(5.4, 4.4)
    dots = sizes.groupby(["width", "height"]).size().reset_index(name="images")
    area = 12 + 240 * dots["images"] / dots["images"].max()
    axis.scatter(dots["width"], dots["height"], s=area, color=_BLUE, alpha=0.45, linewidth=0)
    width, height = sizes["width"].mean(), sizes["height"].mean()
    axis.scatter([width], [height], marker="+", s=160, color=_ORANGE, label=f"mean {width:.0f} x {height:.0f}")
    axis.set(xlabel="width in pixels", ylabel="height in pixels")
    axis.set(xlim=(0, 1.1 * dots["width"].max()), ylim=(0, 1.1 * dots["height"].max()))
    axis.legend(frameon=False)
    return _png(figure)


def gallery(pictures: list[tuple[np.ndarray, str]], columns: int = 6) -> bytes:
    """Draw images, (H, W, 3) uint8 each, with their captions, so many in a row."""
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
