"""Changes of place and colour: one warp, or a copy of pixels where that is enough, and one colour pass an image.

The vocabulary, and the order of the changes, are those of Keras' ``ImageDataGenerator``; contrast is that of its
``RandomContrast``, hue that of ``tf.image.adjust_hue``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from evergreen.images.augmenting import operations
from evergreen.images.augmenting.moves import moved
from evergreen.images.augmenting.operations import Operations

if TYPE_CHECKING:
    from evergreen.images.threads import Threads

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
        x_move, y_move: whole pixels that the picture moves to the right and down after all that, int64.
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
    x_move: np.ndarray
    y_move: np.ndarray
    channel_shift: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray
    hue: np.ndarray


def apply(
    images: np.ndarray, changes: Changes, fill: str, threads: Threads, drawn: Operations | None = None
) -> np.ndarray:
    """Return the images after those changes.

    Args:
        images: (N, H, W, 3) uint8, 0-255.
        changes: of N images.
        fill: what covers pixels from outside the picture: nearest, reflect, wrap or constant (black). A move by whole
            pixels has its own.
        threads: what works on the images side by side.
        drawn: what RandAugment drew for them; its warps follow those of ``changes``, its colours theirs.
    """
    return _coloured(_placed(images, changes, fill, threads, drawn), changes, threads, drawn)


def _placed(images: np.ndarray, changes: Changes, fill: str, threads: Threads, drawn: Operations | None) -> np.ndarray:
    """Return the images where they come to lie; the same array if nothing moves."""
    mirrored, upside_down = changes.mirrored.astype(bool), changes.upside_down.astype(bool)
    x_move, y_move = changes.x_move.astype(np.int64), changes.y_move.astype(np.int64)
    turned = changes.rotation.any() or changes.shear.any() or changes.x_shift.any() or changes.y_shift.any()
    zoomed = (changes.x_zoom != 1).any() or (changes.y_zoom != 1).any()
    if not (turned or zoomed or (drawn and drawn.warped)):
        return moved(images, mirrored, upside_down, x_move, y_move, threads)
    count, height, width, _ = images.shape
    warps = matrices(changes, height, width, drawn.warps if drawn else None)
    still = (np.abs(warps - np.eye(3)[:2]) < 1e-12).all(axis=(1, 2))
    placed = np.empty_like(images)

    def place(index: int) -> None:
        if still[index]:
            placed[index] = images[index]
            return
        cv2.warpAffine(
            images[index],
            warps[index],
            (width, height),
            dst=placed[index],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=_FILLS[fill],
        )

    threads.each(place, count)
    neither = np.zeros(count, bool)  # the warps hold the flips
    return moved(placed, neither, neither, x_move, y_move, threads)


def _coloured(images: np.ndarray, changes: Changes, threads: Threads, drawn: Operations | None) -> np.ndarray:
    """Return the images in their new colours; the same array if none changes."""
    curved = (changes.channel_shift != 0) | (changes.brightness != 1) | (changes.contrast != 1)
    if not (curved.any() or changes.hue.any() or drawn):
        return images
    coloured = np.empty_like(images)

    def colour(index: int) -> None:
        pixels = images[index]
        if curved[index]:
            pixels = cv2.LUT(pixels, _curve(pixels, changes, index))
        if changes.hue[index]:
            pixels = _hue_shifted(pixels, float(changes.hue[index]))
        coloured[index] = operations.coloured(pixels, drawn.colours[index]) if drawn else pixels

    threads.each(colour, len(images))
    return coloured


def matrices(changes: Changes, height: int, width: int, after: np.ndarray | None = None) -> np.ndarray:
    """Return (N, 2, 3) float64: where, in (x, y) of the picture, each pixel of the result is sampled.

    As in Keras' ``apply_affine_transform``: rotation, shift, shear, zoom, multiplied in this order, about the middle of
    the picture; then the flips. (Keras mixes up height and width where the picture is not square.)

    Args:
        changes: of N images.
        height: of the images, in pixels.
        width: of the images, in pixels.
        after: (N, 3, 3) float64, a further warp of each, about the middle too.
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
    warps = middle @ rotation @ shift @ shear @ zoom
    return np.asarray(((warps if after is None else warps @ after) @ back)[:, :2])


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
