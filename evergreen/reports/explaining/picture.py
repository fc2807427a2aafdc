"""One picture beside its heat map, with what was answered, as a file."""

from __future__ import annotations

from textwrap import wrap

import numpy as np

from evergreen.reports.explaining.overlay import enlarged, overlay
from evergreen.reports.figures import figure_of, ink, to_png
from evergreen.sources.archives.names import visible

METHODS = {"grad-cam": "Grad-CAM", "occlusion": "occlusion"}
# What a map with heat and one without it says.
_WORDS = {
    "grad-cam": ("yellow places spoke for the answer", "no place spoke for the answer"),
    "occlusion": ("hiding yellow places shook the answer", "hiding no place shook the answer"),
}
_WIDE, _TEXT = 7.0, 0.8  # inches
_LEAST, _HIGHEST = 240, 4.5
_LETTERS = 88
_LINES = 3


def beside(picture: np.ndarray, heat: np.ndarray, title: str, method: str) -> bytes:
    """Draw a picture and its heat map side by side.

    Args:
        picture: (H, W, 3) uint8 RGB, 0-255.
        heat: (H, W) float32, 0-1, of the whole picture.
        title: what was answered, and of which file.
        method: how the map was made, ``grad-cam`` or ``occlusion``.

    Returns:
        A PNG.
    """
    large = enlarged(picture, _LEAST)
    grey = (heat * 255).round().astype(np.uint8)
    high = min(_HIGHEST, max(0.3, _WIDE / 2 * large.shape[0] / large.shape[1]))
    figure, axes = figure_of(_WIDE, high + _TEXT, columns=2)
    for axis, shown in zip(axes, (large, overlay(large, grey)), strict=True):
        axis.imshow(shown, interpolation="nearest" if large is not picture else "antialiased")
        axis.axis("off")
    said = [line for text in (title, _about(heat, method)) for line in wrap(visible(text), _LETTERS)[:_LINES]]
    figure.suptitle("\n".join(said), fontsize=9, color=ink(False), parse_math=False)
    return to_png(figure)


def _about(heat: np.ndarray, method: str) -> str:
    hot, cold = _WORDS[method]
    return f"Heat map by {METHODS[method]}: {hot if heat.any() else cold}. A hint, no proof."
