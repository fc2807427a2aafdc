"""Small copies of images for pages: deterministic bytes."""

from __future__ import annotations

import base64

import cv2
import numpy as np

from evergreen.images.door import SCREENED, Range, open_image

_SIDE = 160
_JPEG_FROM = 64
_LOSSLESS_BELOW = 400


def thumbnail(data: bytes, side: int = _SIDE, values: Range | None = None) -> np.ndarray:
    """Return an image that was screened with a longer side of at most ``side`` pixels, (H, W, 3) uint8.

    Args:
        data: the file's bytes.
        side: in pixels.
        values: ``screen.range``, as for ``open_image``.

    Raises:
        BadImage: the bytes are no image.
    """
    return smaller(open_image(data, SCREENED, values=values).pixels, side)


def smaller(pixels: np.ndarray, side: int = _SIDE) -> np.ndarray:
    """Return pixels, (H, W, 3) uint8, with a longer side of at most ``side``; never enlarged."""
    scale = side / max(pixels.shape[:2])
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small: np.ndarray = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return small


def png(pixels: np.ndarray) -> bytes:
    """Return (H, W, 3) uint8 RGB as a PNG."""
    return bytes(cv2.imencode(".png", pixels[:, :, ::-1])[1])


def grey_png(values: np.ndarray) -> bytes:
    """Return (H, W) uint8 as a grey PNG."""
    return bytes(cv2.imencode(".png", values)[1])


def embedded(pixels: np.ndarray) -> str:
    """Return (H, W, 3) uint8 RGB as a data address: JPEG, or PNG for one so small that a JPEG would blur it."""
    if max(pixels.shape[:2]) < _JPEG_FROM:
        return data_address(png(pixels), "image/png")
    encoded = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    return data_address(bytes(encoded), "image/jpeg")


def data_address(data: bytes, kind: str = "image/png") -> str:
    """Return bytes as a ``data:`` address of a media type."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def for_browser(data: bytes, side: int, values: Range | None = None) -> tuple[bytes, str]:
    """Return an image that was screened as any browser shows it, and its media type: JPEG, or PNG of a small one.

    Whatever the file's format is, and whatever else is in it: a browser gets what came through the door, coded anew.

    Args:
        data: the file's bytes.
        side: longest side, in pixels.
        values: ``screen.range``, as for ``open_image``.

    Raises:
        BadImage: the bytes are no image.
    """
    pixels = thumbnail(data, side, values)
    if max(pixels.shape[:2]) < _LOSSLESS_BELOW:
        return png(pixels), "image/png"
    return bytes(cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]), "image/jpeg"
