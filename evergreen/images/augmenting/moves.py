"""Flips and shifts by whole pixels: copies of pixels, whole batches at once, nothing is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from evergreen.images.threads import Threads

_BYTES = 2**18  # of images at a time, which stay in the cache of a processor


def moved(
    images: np.ndarray,
    mirrored: np.ndarray,
    upside_down: np.ndarray,
    x_move: np.ndarray,
    y_move: np.ndarray,
    threads: Threads,
) -> np.ndarray:
    """Return the images flipped, then shifted, or the same array if none is.

    What a shift uncovers is the picture's reflection about its edge pixel: torch's ``reflect`` padding and a crop, as
    airbench does (Jordan 2024, arXiv:2404.00498).

    Args:
        images: (N, H, W, 3) uint8.
        mirrored: (N,) bool, flipped left to right.
        upside_down: (N,) bool, flipped top to bottom.
        x_move: (N,) int64, pixels that the picture moves to the right.
        y_move: (N,) int64, pixels that the picture moves down.
        threads: what works on the images side by side.
    """
    if not (mirrored.any() or upside_down.any() or x_move.any() or y_move.any()):
        return images
    count = len(images)
    size = max(1, _BYTES // images[0].nbytes)
    result = np.empty_like(images)

    def move(number: int) -> None:
        some = slice(number * size, (number + 1) * size)
        result[some] = _moved(images[some], mirrored[some], upside_down[some], x_move[some], y_move[some])

    threads.each(move, -(-count // size))
    return result


def _moved(
    images: np.ndarray, mirrored: np.ndarray, upside_down: np.ndarray, x_move: np.ndarray, y_move: np.ndarray
) -> np.ndarray:
    count, height, width, _ = images.shape
    images = np.ascontiguousarray(images)
    if mirrored.any():
        some = images[mirrored]
        images = images.copy()
        # OpenCV takes a batch for one tall picture.
        images[mirrored] = cv2.flip(some.reshape(len(some) * height, width, 3), 1).reshape(some.shape)
    y_most, x_most = (int(np.abs(move).max(initial=0)) for move in (y_move, x_move))
    rows = images.reshape(count * height, width, 3)
    if x_most:
        rows = cv2.copyMakeBorder(rows, 0, 0, x_most, x_most, cv2.BORDER_REFLECT_101)
    rows = rows.reshape(count, height, -1)
    was = _reflected(np.arange(-y_most, height + y_most), height)
    down = was[np.arange(y_most, y_most + height) - y_move[:, None]]  # which row of the flipped picture each becomes
    down = np.where(upside_down[:, None], height - 1 - down, down)
    # Windows of one row each, at every offset of a pixel: (N, H, 2 x_most + 1, bytes of a row).
    each, row, _ = rows.strides
    windows = np.lib.stride_tricks.as_strided(
        rows, (count, height, 2 * x_most + 1, width * 3), (each, row, 3, 1), writeable=False
    )
    across = (x_most - x_move)[:, None]
    return np.asarray(windows[np.arange(count)[:, None], down, across]).reshape(images.shape)


def _reflected(index: np.ndarray, size: int) -> np.ndarray:
    """Return positions along an edge of so many pixels, those outside thrown back from its ends, as often as needed."""
    if size == 1:
        return np.zeros_like(index)
    around = np.abs(index) % (2 * (size - 1))
    return np.asarray(np.where(around < size, around, 2 * (size - 1) - around))
