"""Changes that leave the object what it is: what a model loses under them shows what it leans on.

Every change works on the network's input, (H, W, 3) uint8 RGB, after the resizing, and depends on the pixels and the
image's digest alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np

from evergreen.images.augmenting.degrading import through_jpeg, without_colour
from evergreen.images.backgrounds.cutout import cut_out, is_cut_out, over
from evergreen.images.backgrounds.photos import shipped
from evergreen.images.backgrounds.scenes import part_of
from evergreen.images.backgrounds.uniform import background
from evergreen.judging.leaning import LEANS, LEAST_IMAGES
from evergreen.judging.metrics import mean_interval, wilson

# Takes pixels and the image's SHA-256; None where the change cannot be made.
Change = Callable[[np.ndarray, str], np.ndarray | None]


@dataclass(frozen=True)
class Shortcut:
    """A change, in words, and what a model leans on that loses by it."""

    name: str
    detail: str
    leans_on: str
    change: Change


@dataclass(frozen=True)
class Loss:
    """What a model loses under one change, on the images of the sample to which it can be made.

    Attributes:
        name: of the change.
        detail: the change in words.
        count: images that were changed.
        before: accuracy on those images as they are, 0-1; this and what follows is None below 10 images.
        accuracy: accuracy on them changed, and the limits of its 95 % interval (Wilson).
        lost: ``before`` less ``accuracy``, and the limits of its 95 % interval (paired, central limit theorem).
        leans_on: what the model leans on, if ``lost_low`` is above 5 points; else empty.
    """

    name: str
    detail: str
    count: int
    before: float | None = None
    accuracy: float | None = None
    accuracy_low: float | None = None
    accuracy_high: float | None = None
    lost: float | None = None
    lost_low: float | None = None
    lost_high: float | None = None
    leans_on: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def loss_under(shortcut: Shortcut, before: np.ndarray, after: np.ndarray) -> Loss:
    """Compare answers to the same images before and after a change.

    Args:
        shortcut: the change.
        before: (N,) bool, whether the answer was right.
        after: (N,) bool, likewise.
    """
    if len(before) < LEAST_IMAGES:
        return Loss(shortcut.name, shortcut.detail, len(before))
    low, high = wilson(int(after.sum()), len(after))
    lost_low, lost_high = mean_interval(before.astype(float) - after)
    return Loss(
        shortcut.name,
        shortcut.detail,
        len(before),
        before=float(before.mean()),
        accuracy=float(after.mean()),
        accuracy_low=low,
        accuracy_high=high,
        lost=float(before.mean() - after.mean()),
        lost_low=lost_low,
        lost_high=lost_high,
        leans_on=shortcut.leans_on if lost_low > LEANS else "",
    )


def blur(pixels: np.ndarray, digest: str) -> np.ndarray:
    """Gaussian blur; its standard deviation is 1/64 of the shorter side, and at least 0.8 pixels."""
    blurred: np.ndarray = cv2.GaussianBlur(pixels, (0, 0), max(0.8, min(pixels.shape[:2]) / 64))
    return blurred


def noise(pixels: np.ndarray, digest: str) -> np.ndarray:
    """Gaussian noise of standard deviation 20 on every value, drawn by the image's digest."""
    drawn = _random(digest).standard_normal(pixels.shape, np.float32)
    noisy: np.ndarray = np.clip(pixels + 20 * drawn, 0, 255).astype(np.uint8)
    return noisy


def darker(pixels: np.ndarray, digest: str) -> np.ndarray:
    """Every value times 0.6."""
    return cv2.convertScaleAbs(pixels, alpha=0.6)  # type: ignore[no-any-return]


def brighter(pixels: np.ndarray, digest: str) -> np.ndarray:
    """Every value times 1.4, at most 255."""
    return cv2.convertScaleAbs(pixels, alpha=1.4)  # type: ignore[no-any-return]


def jpeg(pixels: np.ndarray, digest: str) -> np.ndarray:
    """Written as a JPEG of quality 20 and read again."""
    return through_jpeg(pixels, 20)


def grey(pixels: np.ndarray, digest: str) -> np.ndarray:
    """Luminance (ITU-R BT.601) in all three channels."""
    return without_colour(pixels)


def plain_background(pixels: np.ndarray, digest: str) -> np.ndarray | None:
    """Replace a uniform background by the one of 8 colours, drawn by the image's digest, that is least the object's."""
    found = background(pixels)
    if found is None:
        return None
    colours = _random(digest).integers(0, 256, (8, 3), np.uint8)
    distance = np.square(colours - pixels[~found].mean(axis=0)).sum(axis=1)
    return np.where(found[:, :, None], colours[distance.argmax()], pixels)


def busy_background(pixels: np.ndarray, digest: str) -> np.ndarray | None:
    """Replace a uniform background by soft spots of many colours, drawn by the image's digest."""
    found = background(pixels)
    if found is None:
        return None
    spots = _random(digest).integers(0, 256, (6, 6, 3), np.uint8)
    scene = cv2.resize(spots, (pixels.shape[1], pixels.shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.where(found[:, :, None], scene, pixels)


def photo_background(pixels: np.ndarray, digest: str) -> np.ndarray | None:
    """Put the object before a part of one of the photos that ship, both drawn by the image's digest."""
    cutout = cut_out(pixels)
    if not is_cut_out(cutout[None])[0]:
        return None
    drawn, photos = _random(digest), shipped()
    photo = photos[int(drawn.integers(len(photos)))]
    return over(cutout, part_of(photo, pixels.shape[0], pixels.shape[1], drawn))


SHORTCUTS = (
    Shortcut("blur", "Gaussian blur, 1/64 of the shorter side", "fine detail", blur),
    Shortcut("noise", "Gaussian noise, standard deviation 20 of 255", "clean pixels", noise),
    Shortcut("darker", "brightness x 0.6", "brightness", darker),
    Shortcut("brighter", "brightness x 1.4", "brightness", brighter),
    Shortcut("jpeg", "JPEG of quality 20", "traces of compression", jpeg),
    Shortcut("grey", "no colour", "colour", grey),
    Shortcut("plain background", "a uniform background becomes one other colour", "the background", plain_background),
    Shortcut("busy background", "a uniform background becomes coloured spots", "the background", busy_background),
    Shortcut("photo background", "a uniform background becomes a photo", "the background", photo_background),
)


def _random(digest: str) -> np.random.Generator:
    return np.random.Generator(np.random.SFC64(int(digest[:16], 16)))
