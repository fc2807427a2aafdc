"""RandAugment: some operations an image, drawn from 14, all of one strength (Cubuk et al. 2019, arXiv:1909.13719).

The operations are those of the paper, each as Pillow has it (equalize: as OpenCV), with the ranges of AutoAugment
(Cubuk et al. 2018, arXiv:1805.09501, table 6) reached at a magnitude of 30, as in torchvision. m is the magnitude by
30:

    identity, autocontrast, equalize                nothing to measure
    rotate                                          30 m degrees either way
    shear-x, shear-y                                0.3 m of a pixel a pixel, either way
    translate-x, translate-y                        150/331 m of the width or height, either way
    brightness, color, contrast, sharpness          a factor of 1 + 0.9 m or 1 - 0.9 m
    posterize                                       8 - 4 m bits of each grey level stay, rounded
    solarize                                        grey levels of 256 (1 - m) and above are inverted

Warps come first, composed with the recipe's own into one, about the middle of the picture, and what they uncover is
filled as ``augment.fill`` says; then the colours, in the order in which they were drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from evergreen.images.augmenting.draws import purpose, uniform
from evergreen.sections.augment import RandAugment

WARPS = ("rotate", "shear-x", "shear-y", "translate-x", "translate-y")
FACTORS = ("brightness", "color", "contrast", "sharpness")
OPERATIONS = ("identity", "autocontrast", "equalize", "posterize", "solarize", *WARPS, *FACTORS)
_MOST = 30
_GREY = np.array([0.299, 0.587, 0.114])  # luma, ITU-R BT.601, as Pillow's mode L
_SMOOTH = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]], np.float32) / 13  # Pillow's ImageFilter.SMOOTH
_LEVELS = np.arange(256)


@dataclass(frozen=True)
class Operations:
    """What RandAugment drew for N images.

    Attributes:
        warps: (N, 3, 3) float64; where, in (x, y) about the middle, each pixel of the result is sampled.
        colours: for each image (name, strength) of its operations on colours, in order.
    """

    warps: np.ndarray
    colours: list[list[tuple[str, float]]]

    @property
    def warped(self) -> bool:
        """Whether any image is warped."""
        return bool((self.warps != np.eye(3)).any())


def draw(keys: Sequence[bytes], settings: RandAugment, seed: int, view: int, height: int, width: int) -> Operations:
    """Return the operations on some images of (height, width) pixels in one view of them.

    Args:
        keys: one an image.
        settings: how many operations, and how strong.
        seed: of the recipe.
        view: number of the view, from 0.
        height: of the images, in pixels.
        width: of the images, in pixels.
    """
    drawn = uniform(keys, purpose("rand-augment", seed, view), 2 * settings.operations)
    chosen, signs = (drawn[:, ::2] * len(OPERATIONS)).astype(int), (drawn[:, 1::2] < 0.5).astype(int)
    strengths = [[strength_of(name, settings.magnitude, sign) for sign in (1, -1)] for name in OPERATIONS]
    table = np.array(
        [
            [_warp(name, strength, height, width) for strength in both]
            for name, both in zip(OPERATIONS, strengths, strict=True)
        ]
    )
    warps = np.tile(np.eye(3), (len(keys), 1, 1))
    for turn in range(settings.operations):
        warps = warps @ table[chosen[:, turn], signs[:, turn]]
    colours = [
        [
            (OPERATIONS[number], strengths[number][sign])
            for number, sign in zip(*own, strict=True)
            if OPERATIONS[number] in _COLOURS
        ]
        for own in zip(chosen.tolist(), signs.tolist(), strict=True)
    ]
    return Operations(warps, colours)


def strength_of(name: str, magnitude: int, sign: int) -> float:
    """Return how strong an operation is, in the unit of the table above; shifts as a share of the side.

    Args:
        name: one of ``OPERATIONS``.
        magnitude: 0-30.
        sign: -1 or 1, for those that go either way.
    """
    m = magnitude / _MOST
    if name in FACTORS:
        return 1 + sign * 0.9 * m
    return {
        "rotate": sign * 30 * m,
        "shear-x": sign * 0.3 * m,
        "shear-y": sign * 0.3 * m,
        "translate-x": sign * 150 / 331 * m,
        "translate-y": sign * 150 / 331 * m,
        "posterize": 8 - round(4 * m),
        "solarize": 256 * (1 - m),
    }.get(name, 0.0)


def coloured(pixels: np.ndarray, colours: Sequence[tuple[str, float]]) -> np.ndarray:
    """Return an image, (H, W, 3) uint8, after operations on its colours, one after the other."""
    for name, strength in colours:
        pixels = _COLOURS[name](pixels, strength)
    return pixels


def _warp(name: str, strength: float, height: int, width: int) -> np.ndarray:
    """Return a (3, 3) float64 as in ``Operations``; an operation on colours leaves every pixel where it is."""
    warp = np.eye(3)
    if name == "rotate":
        turn = np.deg2rad(strength)
        warp[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    elif name in WARPS:
        places = {
            "shear-x": (0, 1, 1),
            "shear-y": (1, 0, 1),
            "translate-x": (0, 2, width),
            "translate-y": (1, 2, height),
        }
        row, column, unit = places[name]
        warp[row, column] = strength * unit
    return warp


def _curved(pixels: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Return pixels whose grey level g became ``levels[g]``; levels are (256,) or (256, 3), any numbers."""
    return np.asarray(cv2.LUT(pixels, levels.clip(0, 255).round().astype(np.uint8).reshape(1, 256, -1)))


def _brightness(pixels: np.ndarray, factor: float) -> np.ndarray:
    return _curved(pixels, _LEVELS * factor)


def _contrast(pixels: np.ndarray, factor: float) -> np.ndarray:
    mean = np.rint(float(_GREY @ np.array(cv2.mean(pixels)[:3])))
    return _curved(pixels, (_LEVELS - mean) * factor + mean)


def _color(pixels: np.ndarray, factor: float) -> np.ndarray:
    return np.asarray(cv2.transform(pixels, factor * np.eye(3) + (1 - factor) * np.tile(_GREY, (3, 1))))


def _sharpness(pixels: np.ndarray, factor: float) -> np.ndarray:
    smooth = cv2.filter2D(pixels, -1, _SMOOTH)
    return np.asarray(cv2.addWeighted(pixels, factor, smooth, 1 - factor, 0))


def _posterize(pixels: np.ndarray, bits: float) -> np.ndarray:
    return _curved(pixels, _LEVELS & ~((1 << (8 - int(bits))) - 1))


def _solarize(pixels: np.ndarray, threshold: float) -> np.ndarray:
    return _curved(pixels, np.where(threshold > _LEVELS, _LEVELS, 255 - _LEVELS))


def _autocontrast(pixels: np.ndarray, _: float) -> np.ndarray:
    low, high = pixels.min(axis=(0, 1)).astype(float), pixels.max(axis=(0, 1)).astype(float)
    flat = low == high
    levels = (_LEVELS[:, None] - low) * 255 / np.where(flat, 1, high - low)
    return _curved(pixels, np.where(flat, _LEVELS[:, None], levels))


def _equalize(pixels: np.ndarray, _: float) -> np.ndarray:
    return np.asarray(cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(pixels)]))


_COLOURS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "autocontrast": _autocontrast,
    "equalize": _equalize,
    "posterize": _posterize,
    "solarize": _solarize,
    "brightness": _brightness,
    "color": _color,
    "contrast": _contrast,
    "sharpness": _sharpness,
}
