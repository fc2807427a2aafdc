"""Pictures of datasets as PNG bytes: distributions, sizes, galleries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergreen.reports.figures import BLUE, GREEN, GREY, ORANGE, figure_of, ink, legend, names_on, to_png
from evergreen.sources.archives.names import visible_lines

if TYPE_CHECKING:
    import pandas as pd

# Inches: a line of a caption, a gallery and a row of it whose captions have two lines, between pictures.
_LINE, _WIDTH, _ROW, _GAP = 0.15, 9.0, 1.9, 0.06


def class_distribution(counts: pd.DataFrame, *, dark: bool = False) -> bytes:
    """Draw how many images each class has, one bar a class, its splits stacked.

    Args:
        counts: one row a class, in order; one column of counts a split.
        dark: draw on dark ground.
    """
    figure, (axis,) = figure_of(6.4, max(2.2, 0.3 * len(counts) + 1.2), dark=dark)
    left = np.zeros(len(counts))
    for split, colour in zip(counts.columns, (BLUE, ORANGE, GREEN, GREY), strict=False):
        axis.barh(range(len(counts)), counts[split], left=left, color=colour, label=split, height=0.7)
        left += counts[split].to_numpy()
    for row, total in enumerate(left):
        axis.text(total, row, f" {int(total):,}", va="center", fontsize=8, color=ink(dark))
    names_on(axis.yaxis, counts.index)
    axis.invert_yaxis()
    axis.set(xlabel="images", xlim=(0, max(1, left.max()) * 1.1))
    legend(axis, dark, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(counts.columns))  # above: bars lie below
    return to_png(figure)


def resolutions(sizes: pd.DataFrame, *, dark: bool = False) -> bytes:
    """Draw widths against heights, one dot a size, larger for more images; the mean is marked.

    Args:
        sizes: one row an image: width, height in pixels.
        dark: draw on dark ground.
    """
    figure, (axis,) = figure_of(5.4, 4.4, dark=dark)
    dots = sizes.groupby(["width", "height"]).size().reset_index(name="images")
    area = 12 + 240 * dots["images"] / dots["images"].max()
    axis.scatter(dots["width"], dots["height"], s=area, color=BLUE, alpha=0.45, linewidth=0)
    width, height = sizes["width"].mean(), sizes["height"].mean()
    axis.scatter([width], [height], marker="+", s=160, color=ORANGE, label=f"mean {width:.0f} x {height:.0f}")
    axis.set(xlabel="width in pixels", ylabel="height in pixels")
    axis.set(xlim=(0, 1.1 * dots["width"].max()), ylim=(0, 1.1 * dots["height"].max()))
    legend(axis, dark)
    return to_png(figure)


def gallery(pictures: list[tuple[np.ndarray, str]], columns: int = 6, *, dark: bool = False) -> bytes:
    """Draw images, (H, W, 3) uint8 each, with their captions, so many in a row.

    All are in one pair of axes, in inches from the upper left: one pair an image took three times as long to draw.
    """
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    breaks = [max(caption.count("\n") for _, caption in row) for row in rows]
    heights = [_ROW + max(0, more - 1) * _LINE for more in breaks]
    wide = _WIDTH / columns
    figure, (axis,) = figure_of(_WIDTH, sum(heights), dark=dark)
    figure.set_layout_engine("none")
    figure.suppressComposite = True  # else each image is blown up to the whole figure first
    axis.set_position((0, 0, 1, 1))
    axis.axis("off")
    top = 0.0
    for row, more, height in zip(rows, breaks, heights, strict=True):
        text = (more + 1) * _LINE + _GAP
        for column, (pixels, caption) in enumerate(row):
            scale = min((wide - 2 * _GAP) / pixels.shape[1], (height - text - _GAP) / pixels.shape[0])
            half, middle = pixels.shape[1] * scale / 2, (column + 0.5) * wide
            upper = top + text + (height - text - _GAP - pixels.shape[0] * scale) / 2
            extent = (middle - half, middle + half, upper + pixels.shape[0] * scale, upper)
            axis.imshow(pixels, interpolation="nearest", aspect="auto", extent=extent)
            # A file's name may hold $, and anything else.
            said = visible_lines(caption)
            axis.text(
                middle, upper - _GAP / 2, said, size=8, color=ink(dark), ha="center", va="bottom", parse_math=False
            )
        top += height
    axis.set(xlim=(0, _WIDTH), ylim=(top, 0))
    return to_png(figure)
