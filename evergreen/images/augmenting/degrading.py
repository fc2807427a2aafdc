"""What a worse camera, or a worse file, does to an image: no colour, blur, noise, the traces of JPEG; in this order.

They are what ``judging.shortcuts`` takes away: common corruptions (Hendrycks and Dietterich 2019, arXiv:1903.12261), as
changes of training images. Blur, noise and JPEG each leave half of the views alone, as Rusak et al. 2020
(arXiv:2001.06057) do: a network that never sees a clean image gets worse at clean ones. Their draws have a purpose of
their own, so a recipe without them draws what it always drew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from evergreen.images.augmenting.draws import digests, generator, purpose, uniform
from evergreen.sections.augment import Augment

if TYPE_CHECKING:
    from evergreen.images.threads import Threads

_BEST = 100  # of JPEG's qualities
_SHARE = 0.5  # of views, by each of blur, noise and JPEG
_FAINTEST = 0.1  # of 255: a tenth of a grey level rounds away, and so does a blur of a tenth of a pixel


@dataclass(frozen=True)
class Degraded:
    """How much worse N images become; every attribute is an array of shape (N,).

    Attributes:
        grey: whether the colour goes: luminance (ITU-R BT.601) in all three channels.
        blur: standard deviation of a Gaussian blur, in pixels.
        noise: standard deviation of Gaussian noise on every value, in grey levels of 255.
        jpeg: quality of the JPEG that they are written as and read from, 1-100, int64; 0: none.
    """

    grey: np.ndarray
    blur: np.ndarray
    noise: np.ndarray
    jpeg: np.ndarray

    @property
    def any(self) -> bool:
        """Whether any image becomes worse."""
        return bool(self.grey.any() or self.blur.any() or self.noise.any() or self.jpeg.any())


def degrades(settings: Augment) -> bool:
    """Whether a recipe asks for any of it."""
    return bool(settings.grey or settings.blur or settings.noise or settings.jpeg)


def draw(keys: Sequence[bytes], settings: Augment, seed: int, view: int, height: int, width: int) -> Degraded:
    """Return how much worse some images of (height, width) pixels become in one view of them.

    Args:
        keys: one an image.
        settings: the recipe's ``grey``, ``blur``, ``noise`` and ``jpeg`` are read.
        seed: of the recipe.
        view: number of the view, from 0.
        height: of the images, in pixels.
        width: of the images, in pixels.
    """
    drawn = uniform(keys, purpose("degrading", seed, view), 7)
    blurred, noisy, written = (drawn[:, 4:] < _SHARE).T
    quality = np.zeros(len(keys), np.int64)
    if settings.jpeg is not None:
        quality = settings.jpeg + np.floor((_BEST + 1 - settings.jpeg) * drawn[:, 3]).astype(np.int64)
    return Degraded(
        grey=drawn[:, 0] < settings.grey,
        blur=blurred * drawn[:, 1] * settings.blur * min(height, width),
        noise=noisy * drawn[:, 2] * settings.noise,
        jpeg=written * quality,
    )


def degrade(
    images: np.ndarray, degraded: Degraded, keys: Sequence[bytes], seed: int, view: int, threads: Threads
) -> np.ndarray:
    """Return the images made worse, (N, H, W, 3) uint8; the same array if none is.

    Args:
        images: (N, H, W, 3) uint8 RGB, 0-255.
        degraded: of N images.
        keys: as they were in ``draw``; noise is drawn from them too.
        seed: of the recipe.
        view: number of the view, from 0.
        threads: what works on the images side by side.
    """
    if not degraded.any:
        return images
    made = np.empty_like(images)
    beginnings = digests(keys, purpose("gaussian-noise", seed, view), 8) if degraded.noise.any() else []

    def make(index: int) -> None:
        pixels = images[index]
        if degraded.grey[index]:
            pixels = without_colour(pixels)
        if degraded.blur[index] > _FAINTEST:
            pixels = cv2.GaussianBlur(pixels, (0, 0), float(degraded.blur[index]))
        if degraded.noise[index] > _FAINTEST:
            pixels = _noisy(pixels, float(degraded.noise[index]), beginnings[index])
        if degraded.jpeg[index]:
            pixels = through_jpeg(pixels, int(degraded.jpeg[index]))
        made[index] = pixels

    threads.each(make, len(images))
    return made


def without_colour(pixels: np.ndarray) -> np.ndarray:
    """Return the luminance (ITU-R BT.601) of an image, (H, W, 3) uint8 RGB, in all three channels."""
    luminance = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(luminance, cv2.COLOR_GRAY2RGB))


def through_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    """Return an image, (H, W, 3) uint8 RGB, written as a JPEG of a quality, 1-100, and read again."""
    encoded = cv2.imencode(".jpg", pixels[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


def _noisy(pixels: np.ndarray, deviation: float, beginning: bytes) -> np.ndarray:
    drawn = generator(beginning).standard_normal(pixels.shape, np.float32)
    return np.asarray(np.clip(np.rint(pixels + np.float32(deviation) * drawn), 0, 255).astype(np.uint8))
