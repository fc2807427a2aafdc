"""Cutting an object out of a uniform background, such as a green screen or a white table.

The rule, in CIE L*a*b* with lightness halved so that uneven light does not matter: pixels within 18 of the median of
the border (a ring of 4 % of the shorter side) are near. The background is uniform enough if at least 75 % of the border
is near, and the near areas that touch the border cover 20 to 97 % of the image. Those areas are the background.
"""

from __future__ import annotations

import cv2
import numpy as np

_RING = 0.04
_NEAR = 18.0
_LEAST_OF_BORDER = 0.75
_LEAST_AREA, _MOST_AREA = 0.2, 0.97
# From this shorter side on, a pixel at the edge of the object goes with the background, whose colour it has taken on.
_FRINGE_FROM = 64

RULE = (
    f"at least {_LEAST_OF_BORDER:.0%} of the border has one colour (within {_NEAR:.0f} of its median in L*a*b*, "
    f"lightness halved), and what is like it and touches the border covers {_LEAST_AREA:.0%} to {_MOST_AREA:.0%} of "
    "the image"
)


def background(pixels: np.ndarray) -> np.ndarray | None:
    """Return where the background is, with its fringe, (H, W) bool, or None if it is not uniform enough to be cut out.

    Args:
        pixels: (H, W, 3) uint8, RGB, 0-255.
    """
    found = areas(pixels)
    if found is not None and min(found.shape) >= _FRINGE_FROM:
        found = cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return found


def areas(pixels: np.ndarray) -> np.ndarray | None:
    """Return what ``background`` does, without the fringe: just the pixels that have the background's colour."""
    colours = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) * np.array([0.5, 1, 1], np.float32)
    ring = _ring(pixels.shape[0], pixels.shape[1])
    median = np.median(colours[ring], axis=0)
    near = np.square(colours - median).sum(axis=2) <= _NEAR**2
    if near[ring].mean() < _LEAST_OF_BORDER:
        return None
    number, areas = cv2.connectedComponents(near.astype(np.uint8), connectivity=4)
    touching = np.zeros(number, bool)
    touching[areas[ring & near]] = True
    found: np.ndarray = touching[areas]
    return found if _LEAST_AREA <= found.mean() <= _MOST_AREA else None


def _ring(height: int, width: int) -> np.ndarray:
    thick = max(1, round(_RING * min(height, width)))
    ring = np.ones((height, width), bool)
    ring[thick:-thick, thick:-thick] = False
    return ring
