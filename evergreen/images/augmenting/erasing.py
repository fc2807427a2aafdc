"""Random erasing (Zhong et al. 2017, arXiv:1708.04896) and cutout (DeVries & Taylor 2017, arXiv:1708.04552)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from evergreen.images.augmenting.draws import boxes, digests, purpose, uniform
from evergreen.sections.augment import Erasing

_ATTEMPTS = 10  # rectangles that are drawn until one fits into the picture, as timm does; then nothing is erased


def rectangles(keys: Sequence[bytes], settings: Erasing, seed: int, view: int, height: int, width: int) -> np.ndarray:
    """Return what is erased of some images of (height, width) pixels: (N, 4) int64, top, left, bottom, right.

    A box without pixels erases nothing. The aspect is drawn on a log scale, so that upright and lying rectangles are
    equally likely; the paper draws it evenly. Cutout's square has its middle anywhere in the picture.

    Args:
        keys: one an image.
        settings: as in the recipe.
        seed: of the recipe.
        view: number of the view, from 0.
        height: of the images, in pixels.
        width: of the images, in pixels.
    """
    drawn = uniform(keys, purpose("erasing", seed, view), 1 + 4 * _ATTEMPTS)
    if settings.size is not None:
        side = np.full(len(keys), settings.size, np.int64)
        top = (drawn[:, 1] * height).astype(np.int64) - side // 2
        left = (drawn[:, 2] * width).astype(np.int64) - side // 2
        found = boxes(top, left, side, side, (height, width))
    else:
        share, aspect, down, right = (drawn[:, 1 + column :: 4] for column in range(4))  # (N, attempts) each
        pixels = (settings.area[0] + (settings.area[1] - settings.area[0]) * share) * height * width
        low, high = np.log(settings.aspect)
        ratio = np.exp(low + (high - low) * aspect)
        high_s, wide_s = np.rint(np.sqrt(pixels * ratio)), np.rint(np.sqrt(pixels / ratio))
        fits = (high_s >= 1) & (wide_s >= 1) & (high_s <= height) & (wide_s <= width)
        first = fits.argmax(axis=1)[:, None]
        high_s, wide_s, down, right = (
            np.take_along_axis(values, first, axis=1)[:, 0] for values in (high_s, wide_s, down, right)
        )
        top = np.floor(down * (height - high_s + 1)).astype(np.int64)
        left = np.floor(right * (width - wide_s + 1)).astype(np.int64)
        found = boxes(top, left, high_s.astype(np.int64), wide_s.astype(np.int64), (height, width))
        found[~fits.any(axis=1)] = 0
    found[drawn[:, 0] >= settings.probability] = 0
    return found


def erase(
    images: np.ndarray, rectangles: np.ndarray, keys: Sequence[bytes], settings: Erasing, seed: int, view: int
) -> None:
    """Erase one rectangle of each image, in place.

    Args:
        images: (N, H, W, 3) uint8, 0-255.
        rectangles: as ``rectangles`` returns them.
        keys: as they were there; noise is drawn from them too.
        settings: as in the recipe.
        seed: of the recipe.
        view: number of the view, from 0.
    """
    for index, (top, left, bottom, right) in enumerate(rectangles.tolist()):
        if top == bottom or left == right:
            continue
        shape = (bottom - top, right - left, 3)
        put = np.zeros(3, np.uint8)
        if settings.fill == "noise":  # evenly from 0-255, each channel of each pixel: the paper's RE-R
            noise = digests([keys[index]], purpose("noise", seed, view), shape[0] * shape[1] * 3)[0]
            put = np.frombuffer(noise, np.uint8).reshape(shape)
        elif settings.fill == "mean":
            put = np.rint(cv2.mean(images[index])[:3]).astype(np.uint8)
        images[index, top:bottom, left:right] = put
