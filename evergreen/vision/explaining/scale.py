"""Heat maps at a picture's size, from 0 to 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from evergreen.sections.data import Image


def to_size(raw: np.ndarray, height: int, width: int, least: float = 0.0) -> np.ndarray:
    """Bring maps to a size, bilinearly, and to 0-1 by each one's highest value.

    Args:
        raw: (N, h, w) float, 0 or more.
        height: of the results, in pixels.
        width: of the results, in pixels.
        least: what counts as 1 where a map's highest value is below it.

    Returns:
        (N, height, width) float32; a map without heat stays 0.
    """
    import cv2

    scaled = np.empty((len(raw), height, width), np.float32)
    for index, one in enumerate(raw):
        scaled[index] = cv2.resize(np.ascontiguousarray(one, np.float32), (width, height))
    highest = np.maximum(scaled.max(axis=(1, 2), keepdims=True, initial=0), np.float32(least))
    return np.divide(scaled, highest, out=np.zeros_like(scaled), where=highest > 0)


def on_picture(heat: np.ndarray, height: int, width: int, image: Image) -> np.ndarray:
    """Lay a map of what a network saw onto the picture that it saw, undoing how that was brought to its size.

    Args:
        heat: (H, W) float32, 0-1, of the network's size.
        height: of the picture, in pixels, or of a smaller copy of it.
        width: as the height.
        image: how pictures become the network's, as for ``images.pixels.resize``.

    Returns:
        (height, width) float32, 0-1; 0 where a crop cut the picture off.
    """
    import cv2

    across, down = image.width / width, image.height / height
    if image.resize != "squash":
        across = down = (max if image.resize == "crop" else min)(across, down)
    # Where the middle of each of the picture's pixels is for the network; both have one centre.
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2) * across + image.width / 2 - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2) * down + image.height / 2 - 0.5
    columns, rows = np.meshgrid(x, y)
    laid: np.ndarray = cv2.remap(
        heat, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    seen = (np.abs(columns - (image.width - 1) / 2) <= image.width / 2) & (
        np.abs(rows - (image.height - 1) / 2) <= image.height / 2
    )
    return np.where(seen, laid, np.float32(0))
