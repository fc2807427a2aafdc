"""Occlusion: what an answer loses when a patch of the picture is hidden, for any model that answers.

After Zeiler and Fergus 2014, arXiv:1311.2901, section 4.2. The patch is a quarter of the picture's height and width
(rounded up), has the picture's own mean colour, and stands at ``GRID`` x ``GRID`` places, evenly from edge to edge, so
that neighbours overlap by half. The heat of a pixel is the mean loss of the class's probability under the patches that
cover it, 0 where hiding it helps. A picture costs ``GRID`` x ``GRID`` + 1 answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from evergreen.vision.explaining.scale import to_size

GRID = 7
PATCH = 1 / 4
# A loss of one point is full heat: else the noise of an answer that nothing shakes would be painted as its reason.
_LEAST = 0.01

# From (N, H, W, 3) uint8 RGB in 0-255 to (N, K) scores, which are probabilities.
Ask = Callable[[np.ndarray], np.ndarray]


def occlusion(ask: Ask, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return a heat map for each image.

    Args:
        ask: the model, or an export of it.
        images: (N, H, W, 3) uint8 RGB in 0-255, as the model takes them.
        classes: (N,) int, the class that each is asked about.

    Returns:
        (N, H, W) float32, 0-1: 1 where an image's heat is highest, if hiding that costs a point or more.
    """
    height, width = images.shape[1:3]
    rows, columns = _places(height), _places(width)
    heat = np.zeros((len(images), height, width), np.float32)
    covered = np.zeros((height, width), np.float32)
    for row in rows:
        for column in columns:
            covered[row, column] += 1
    for image, class_index, one in zip(images, classes, heat, strict=True):
        copies = np.repeat(image[None], 1 + GRID * GRID, axis=0)
        fill = image.mean(axis=(0, 1)).round().astype(np.uint8)
        places = [(row, column) for row in rows for column in columns]
        for copy, (row, column) in zip(copies[1:], places, strict=True):
            copy[row, column] = fill
        scores = np.asarray(ask(copies), np.float32)[:, class_index]
        for lost, (row, column) in zip(np.maximum(scores[0] - scores[1:], 0), places, strict=True):
            one[row, column] += lost
    return to_size(heat / np.maximum(covered, 1), height, width, _LEAST)


def _places(length: int) -> list[slice]:
    """Return where the patch stands along one side of a picture, from its one end to the other."""
    patch = math.ceil(length * PATCH)
    return [slice(start, start + patch) for start in np.linspace(0, length - patch, GRID).round().astype(int).tolist()]
