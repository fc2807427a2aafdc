"""Random changes to training images: one composed warp and one colour pass an image.

The vocabulary, and the order of the changes, are those of Keras' ``ImageDataGenerator``; contrast is that of its
``RandomContrast``, hue that of ``tf.image.adjust_hue``. What happens to an image follows from the seed, the view and
the image's digest alone: neither the order of images nor the number of threads can change it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from blake3 import blake3

from evergreen.sections.data import Augment

if TYPE_CHECKING:
    from evergreen.images.threads import Threads

_DRAWN = 13
_LEAST_ZOOM = 0.1  # a zoom of 1 allows a factor of 0, which would make a picture of one pixel
_FILLS = {
    "nearest": cv2.BORDER_REPLICATE,
    "reflect": cv2.BORDER_REFLECT,
    "wrap": cv2.BORDER_WRAP,
    "constant": cv2.BORDER_CONSTANT,
}


@dataclass(frozen=True)
class Changes:
    """What happens to N images; every attribute is an array of shape (N,).

    Attributes:
        rotation, shear: degrees.
        x_shift, y_shift: pixels that the sampling point moves to the right and down, so the picture to the left and up.
        x_zoom, y_zoom: factor on the sampled area; above 1 the picture becomes smaller.
        mirrored, upside_down: whether the picture is flipped left to right, top to bottom.
        channel_shift: grey levels of 255, added to every channel and clipped to the picture's own range.
        brightness, contrast: factors; contrast about the mean of each channel.
        hue: share of the colour circle, -0.5 to 0.5.
    """

    rotation: np.ndarray
    shear: np.ndarray
    x_shift: np.ndarray
    y_shift: np.ndarray
    x_zoom: np.ndarray
    y_zoom: np.ndarray
    mirrored: np.ndarray
    upside_down: np.ndarray
    channel_shift: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray
    hue: np.ndarray


def expanded(augment: Augment) -> Augment:
    """Return the settings with ``magnitude`` m replaced by what it stands for.

    As in reference system 4: flips; rotation, zoom and shifts each 2 m; brightness, contrast and hue each m. Keras
    measures a random rotation in full turns, so 2 m is 720 m degrees, at most 180.
    """
    if augment.magnitude is None:
        return augment
    m = augment.magnitude
    return Augment(
        rotation=min(180.0, 720 * m),
        width_shift=min(1.0, 2 * m),
        height_shift=min(1.0, 2 * m),
        zoom=min(1.0, 2 * m),
        horizontal_flip=m > 0,
        brightness=(1 - m, 1 + m) if m else None,
        contrast=m,
        hue=min(0.5, m),
        fill=augment.fill,
    )


class Augmenter:
    """Changes training images as a recipe says; with a recipe that says nothing it returns what it is given.

    Attributes:
        active: whether it changes anything at all.
        name: a digest of the seed and of what the recipe says.
    """

    def __init__(self, augment: Augment, seed: int) -> None:
        """Take the recipe's ``augment`` and its seed; nothing is drawn yet."""
        self._augment = expanded(augment)
        self._seed = seed
        self.active = self._augment != Augment(fill=self._augment.fill)
        self.name = blake3(f"{seed} {self._augment.model_dump_json()}".encode()).hexdigest()[:32]

    def draw(self, keys: Sequence[bytes], view: int, height: int, width: int) -> Changes:
        """Return what happens to some images of (height, width) pixels in one view of them.

        Args:
            keys: one an image: its digest, and what tells its repetitions apart.
            view: number of the view, from 0.
            height: of the images, in pixels.
            width: of the images, in pixels.
        """
        drawn = _uniform(keys, self._seed, view)
        settings = self._augment

        def between(column: int, low: float, high: float) -> np.ndarray:
            return np.asarray(low + (high - low) * drawn[:, column])

        def about(column: int, most: float) -> np.ndarray:
            return between(column, -most, most)

        zoom = (max(_LEAST_ZOOM, 1 - settings.zoom), 1 + settings.zoom)
        x_zoom, y_zoom = between(4, *zoom), between(5, *zoom)
        if settings.random_resolution:
            scale = between(12, *settings.random_resolution)  # a larger picture is sampled from a smaller area
            x_zoom, y_zoom = x_zoom / scale, y_zoom / scale
        return Changes(
            rotation=about(0, settings.rotation),
            shear=about(3, settings.shear),
            x_shift=about(1, settings.width_shift * width),
            y_shift=about(2, settings.height_shift * height),
            x_zoom=x_zoom,
            y_zoom=y_zoom,
            mirrored=(drawn[:, 6] < 0.5) & settings.horizontal_flip,
            upside_down=(drawn[:, 7] < 0.5) & settings.vertical_flip,
            channel_shift=about(8, settings.channel_shift),
            brightness=between(9, *(settings.brightness or (1, 1))),
            contrast=between(10, 1 - settings.contrast, 1 + settings.contrast),
            hue=about(11, settings.hue),
        )

    def __call__(self, images: np.ndarray, keys: Sequence[bytes], view: int, threads: Threads) -> np.ndarray:
        """Return changed images, (N, H, W, 3) uint8.

        Args:
            images: (N, H, W, 3) uint8, 0-255.
            keys: as in ``draw``.
            view: as in ``draw``.
            threads: what works on the images side by side.
        """
        if not self.active:
            return images
        changes = self.draw(keys, view, images.shape[1], images.shape[2])
        return apply(images, changes, self._augment.fill, threads)


def apply(images: np.ndarray, changes: Changes, fill: str, threads: Threads) -> np.ndarray:
    """Return the images after those changes.

    Args:
        images: (N, H, W, 3) uint8, 0-255.
        changes: of N images.
        fill: what covers pixels from outside the picture: nearest, reflect, wrap or constant (black).
        threads: what works on the images side by side.
    """
    count, height, width, _ = images.shape
    warps = matrices(changes, height, width)
    still = (np.abs(warps - np.eye(3)[:2]) < 1e-12).all(axis=(1, 2))
    colour = (changes.channel_shift != 0) | (changes.brightness != 1) | (changes.contrast != 1)
    changed = np.empty_like(images)

    def change(index: int) -> None:
        pixels = images[index]
        if not still[index]:
            pixels = cv2.warpAffine(
                pixels,
                warps[index],
                (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=_FILLS[fill],
            )
        if colour[index]:
            pixels = cv2.LUT(pixels, _curve(pixels, changes, index))
        changed[index] = _hue_shifted(pixels, float(changes.hue[index])) if changes.hue[index] else pixels

    threads.each(change, count)
    return changed


def matrices(changes: Changes, height: int, width: int) -> np.ndarray:
    """Return (N, 2, 3) float64: where, in (x, y) of the picture, each pixel of the result is sampled.

    As in Keras' ``apply_affine_transform``: rotation, shift, shear, zoom, multiplied in this order, about the middle of
    the picture; then the flips. (Keras mixes up height and width where the picture is not square.)
    """
    count = len(changes.rotation)
    rotation, shear, zoom, shift = (np.tile(np.eye(3), (count, 1, 1)) for _ in range(4))
    turn, slant = np.deg2rad(changes.rotation), np.deg2rad(changes.shear)
    rotation[:, 0, 0] = rotation[:, 1, 1] = np.cos(turn)
    rotation[:, 0, 1], rotation[:, 1, 0] = -np.sin(turn), np.sin(turn)
    shear[:, 0, 1], shear[:, 1, 1] = -np.sin(slant), np.cos(slant)
    zoom[:, 0, 0] = np.where(changes.mirrored, -1, 1) * changes.x_zoom
    zoom[:, 1, 1] = np.where(changes.upside_down, -1, 1) * changes.y_zoom
    shift[:, 0, 2], shift[:, 1, 2] = changes.x_shift, changes.y_shift
    middle, back = np.eye(3), np.eye(3)
    middle[:2, 2] = (width - 1) / 2, (height - 1) / 2
    back[:2, 2] = -middle[:2, 2]
    return np.asarray((middle @ rotation @ shift @ shear @ zoom @ back)[:, :2])


def _uniform(keys: Sequence[bytes], seed: int, view: int) -> np.ndarray:
    """Return (N, 13) float64 in [0, 1), each row a function of the seed, the view and its key alone."""
    before = blake3(f"augment {seed} {view} ".encode())
    rows = []
    for key in keys:
        own = before.copy()
        own.update(key)
        rows.append(own.digest(length=8 * _DRAWN))
    bits = np.frombuffer(b"".join(rows), "<u8").reshape(len(keys), _DRAWN)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-53)


def _curve(pixels: np.ndarray, changes: Changes, index: int) -> np.ndarray:
    """Return what each grey level of each channel becomes, (1, 256, 3) uint8: shift, brightness, contrast."""
    levels = np.arange(256, dtype=np.float64)
    shift, brightness = changes.channel_shift[index], changes.brightness[index]
    contrast = changes.contrast[index]
    if shift:
        low, high, _, _ = cv2.minMaxLoc(pixels.reshape(pixels.shape[0], -1))
        levels = (levels + shift).clip(low, high)
    levels = (levels * brightness).clip(0, 255)
    if contrast == 1:
        curve = np.broadcast_to(levels[:, None], (256, 3))
    else:
        shown = cv2.LUT(pixels, levels.round().astype(np.uint8)) if shift or brightness != 1 else pixels
        means = np.array(cv2.mean(shown)[:3])
        curve = ((levels[:, None] - means) * contrast + means).clip(0, 255)
    return np.ascontiguousarray(curve.round().astype(np.uint8)[None])


def _hue_shifted(pixels: np.ndarray, share: float) -> np.ndarray:
    shifted = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV_FULL)  # the circle has 256 steps there, so uint8 wraps around it
    shifted[..., 0] += np.uint8(round(share * 256) % 256)
    return np.asarray(cv2.cvtColor(shifted, cv2.COLOR_HSV2RGB_FULL))
