"""A heat map over its picture: cold is dark blue, hot is yellow, and the picture's shapes stay, in grey.

The colours are cividis (Nuñez et al. 2018, doi:10.1371/journal.pone.0199239), which people with and without colour
vision deficiency see alike, and whose lightness rises with the heat.
"""

from __future__ import annotations

import cv2
import numpy as np

from evergreen.images.augmenting.degrading import without_colour
from evergreen.images.thumbnails import data_address

_SHARE = 0.65  # of the colours; the rest is the picture
_LEAST_SIDE = 96
_QUALITY = 78
# Dark blue to yellow, for a style sheet: the ends of cividis and three colours between them.
SCALE = ("#00224e", "#434e6c", "#7d7c78", "#bcae6c", "#fee838")


def overlay(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return a picture in grey under the colours of its heat map.

    Args:
        picture: (H, W, 3) uint8 RGB, 0-255.
        heat: (h, w) uint8, 0 (cold) to 255 (hot), of the whole picture; brought to its size.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    size = picture.shape[1], picture.shape[0]
    grey = without_colour(picture)
    colours = cv2.applyColorMap(cv2.resize(heat, size), cv2.COLORMAP_CIVIDIS)[:, :, ::-1]
    laid: np.ndarray = cv2.addWeighted(np.ascontiguousarray(colours), _SHARE, grey, 1 - _SHARE, 0)
    return laid


def enlarged(picture: np.ndarray, least: int = _LEAST_SIDE) -> np.ndarray:
    """Return a picture, (H, W, 3) uint8, whose longer side is ``least`` pixels or more: each pixel becomes a square."""
    times = -(-least // max(picture.shape[:2]))
    return picture.repeat(times, axis=0).repeat(times, axis=1) if times > 1 else picture


def from_png(data: bytes) -> np.ndarray:
    """Return a grey PNG as (H, W) uint8."""
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE))


def webp(pixels: np.ndarray) -> str:
    """Return (H, W, 3) uint8 RGB as the data address of a WebP, which takes half of a JPEG's bytes."""
    encoded = cv2.imencode(".webp", pixels[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])[1]
    return data_address(bytes(encoded), "image/webp")
