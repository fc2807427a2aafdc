"""From images to network inputs: the one function that decides how an image becomes (H, W, 3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.door import open_image
from evergreen.datasets.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image


def resize(pixels: np.ndarray, image: Image) -> np.ndarray:
    """Bring one picture to the network's size.

    Args:
        pixels: (H, W, 3) uint8, 0-255.
        image: target size, rule (squash, crop the middle, pad with black) and filter.

    Returns:
        (image.height, image.width, 3) uint8, 0-255.
    """
    import cv2

    filters = {
        "area": cv2.INTER_AREA,
        "bilinear": cv2.INTER_LINEAR,
        "bicubic": cv2.INTER_CUBIC,
        "nearest": cv2.INTER_NEAREST,
    }
    height, width = pixels.shape[:2]
    if image.resize == "squash":
        squashed: np.ndarray = cv2.resize(
            pixels, (image.width, image.height), interpolation=filters[image.interpolation]
        )
        return squashed
    choose = max if image.resize == "crop" else min
    scale = choose(image.height / height, image.width / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = cv2.resize(pixels, size, interpolation=filters[image.interpolation])
    return _centre(scaled, image.height, image.width)


def load(table: pd.DataFrame, read: ReadBlob, image: Image) -> np.ndarray:
    """Return the images of a table, in its order, as (N, H, W, 3) uint8.

    Raises:
        BadImage: a file is no image; screened tables hold none.
    """
    batch = np.empty((len(table), image.height, image.width, 3), np.uint8)
    for index, digest in enumerate(table["sha256"]):
        batch[index] = resize(open_image(read(digest), max_megapixels=None).pixels, image)
    return batch


def targets(labels: Iterable[str], classes: list[str]) -> np.ndarray:
    """Return class indices, (N,) int64, in the contract's class order.

    Raises:
        KeyError: a label is not among the classes.
    """
    index = {name: position for position, name in enumerate(classes)}
    return np.array([index[label] for label in labels], np.int64)


def stratified_sample(table: pd.DataFrame, size: int, seed: int) -> pd.DataFrame:
    """Return about ``size`` rows (all if there are fewer), the same share of every label, at least one of each."""
    if len(table) <= size:
        return table
    share = size / len(table)
    shuffled = table.sort_values("path").sample(frac=1, random_state=seed)
    rank = shuffled.groupby("label").cumcount()
    quota = (shuffled.groupby("label")["path"].transform("size") * share).round().clip(lower=1)
    return shuffled[rank < quota].sort_values("path", ignore_index=True)


def _centre(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cut or pad with black around the middle to exactly (height, width)."""
    canvas = np.zeros((height, width, 3), np.uint8)
    rows, columns = min(height, pixels.shape[0]), min(width, pixels.shape[1])
    top, left = (pixels.shape[0] - rows) // 2, (pixels.shape[1] - columns) // 2
    to, at = (height - rows) // 2, (width - columns) // 2
    canvas[to : to + rows, at : at + columns] = pixels[top : top + rows, left : left + columns]
    return canvas
