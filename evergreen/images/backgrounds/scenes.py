"""What is put behind an object: drawn scenes, and parts of pictures.

Dead leaves (Lee, Mumford & Huang 2001, doi:10.1023/A:1011109015675) are overlapping shapes whose sizes follow the power
law of what hides what in photos; networks that saw them alone know much of photos (Baradad et al. 2021,
arXiv:2106.05963).
"""

from __future__ import annotations

import cv2
import numpy as np

_FEWEST, _MOST = 40, 140  # leaves
_FINEST, _COARSEST, _LARGEST = 0.012, 0.08, 0.6  # of the longer side, half the width of a leaf
_ALIKE = 0.5  # how often a scene has about the object's colour
_NEAR = 30.0  # grey levels, the standard deviation about it
_LEAST_UNLIKE, _LEAST_UNLIKE_SPOTS = 0.15, 0.3
_MOST_NOISE = 40
_LEAST_OF_PICTURE, _MOST_OF_PICTURE = 0.35, 1.0
_LEAST_OF_CORNER, _MOST_OF_CORNER = 0.25, 0.45


def plain(height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    """Return one colour, (H, W, 3) uint8."""
    return np.full((height, width, 3), drawn.integers(0, 256, 3), np.uint8)


def spots(height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    """Return soft spots of many colours, 3 to 12 along each side, (H, W, 3) uint8.

    Args:
        height: of the scene, in pixels.
        width: of the scene, in pixels.
        drawn: how many, and their colours, more or less alike.
    """
    colours = _mixed(drawn, drawn.integers(0, 256, 3), tuple(drawn.integers(3, 13, 2)), _LEAST_UNLIKE_SPOTS)
    return np.asarray(cv2.resize(colours, (width, height), interpolation=cv2.INTER_CUBIC))


def leaves(height: int, width: int, drawn: np.random.Generator, colour: np.ndarray) -> np.ndarray:
    """Return overlapping ellipses and boxes, coarse or fine, blurred, noisy or neither, (H, W, 3) uint8.

    Args:
        height: of the scene, in pixels.
        width: of the scene, in pixels.
        drawn: how many, where, and their colours: more or less alike, half of the time about the object's.
        colour: the object's mean, (3,) 0-255.
    """
    many, longer = int(drawn.integers(_FEWEST, _MOST + 1)), max(height, width)
    colours = _palette(drawn, colour, (many + 1,)).tolist()
    scene = np.full((height, width, 3), colours.pop(), np.uint8)
    # The density of sizes falls with their cube, between the smallest and the largest.
    smallest = _FINEST * (_COARSEST / _FINEST) ** drawn.random()
    low, high = smallest**-2, _LARGEST**-2
    sizes = np.sort((low + (high - low) * drawn.random(many)) ** -0.5)[::-1] * longer
    places = drawn.random((many, 2)) * (width, height)
    aspects, turns = drawn.uniform(0.3, 1, many), drawn.uniform(0, 180, many)
    boxes = drawn.random(many) < 0.4
    for size, place, aspect, turn, paint, is_box in zip(sizes, places, aspects, turns, colours, boxes, strict=True):
        leaf = (tuple(map(float, place)), (2 * float(size), 2 * float(size * aspect)), float(turn))
        if is_box:
            cv2.fillConvexPoly(scene, cv2.boxPoints(leaf).round().astype(np.int32), paint)
        else:
            cv2.ellipse(scene, leaf, paint, -1)
    if (blur := drawn.uniform(0, 1.5)) > 0.5:
        scene = cv2.GaussianBlur(scene, (0, 0), blur)
    most = int(drawn.integers(0, _MOST_NOISE + 1))
    noise = drawn.integers(0, 2 * most + 1, scene.shape, np.uint8)
    return np.asarray(cv2.subtract(cv2.add(scene, noise), np.full_like(scene, most)))


def part_of(picture: np.ndarray, height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    """Return a part of a picture, or its mirror image, brought to a size with its shapes kept, (H, W, 3) uint8.

    Args:
        picture: (h, w, 3) uint8, of any size.
        height: of the scene, in pixels.
        width: of the scene, in pixels.
        drawn: where, and which share of the picture: 35 to 100 % of the largest part of the scene's shape.
    """
    largest = min(picture.shape[0] / height, picture.shape[1] / width)
    scale = largest * drawn.uniform(_LEAST_OF_PICTURE, _MOST_OF_PICTURE)
    high, wide = max(1, int(height * scale)), max(1, int(width * scale))
    top, left = (int(drawn.integers(0, most + 1)) for most in (picture.shape[0] - high, picture.shape[1] - wide))
    return _brought(picture[top : top + high, left : left + wide], height, width, mirrored=drawn.random() < 0.5)


def surroundings_of(picture: np.ndarray, height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    """Return a corner of a picture, where its object is least, mirrored until it fills a scene, (H, W, 3) uint8.

    Args:
        picture: (H, W, 3) uint8.
        height: of the scene, in pixels.
        width: of the scene, in pixels.
        drawn: which corner, and how much of each side: 25 to 45 %.
    """
    share = drawn.uniform(_LEAST_OF_CORNER, _MOST_OF_CORNER)
    high, wide = (max(1, round(share * side)) for side in picture.shape[:2])
    low, right = drawn.random(2) < 0.5
    corner = picture[-high:, :] if low else picture[:high, :]
    corner = corner[:, -wide:] if right else corner[:, :wide]
    down, across = max(0, height - high), max(0, width - wide)
    filled = cv2.copyMakeBorder(corner, 0, down, 0, across, cv2.BORDER_REFLECT)
    return _brought(filled[:height, :width], height, width, mirrored=drawn.random() < 0.5)


def _brought(part: np.ndarray, height: int, width: int, *, mirrored: bool) -> np.ndarray:
    smaller = part.shape[0] >= height
    brought = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)
    return np.ascontiguousarray(brought[:, ::-1] if mirrored else brought)


def _palette(drawn: np.random.Generator, colour: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return colours, more or less alike, (*shape, 3) uint8; half of the time about the object's own.

    Of colours drawn evenly few are near any one, and a network would learn that what has the object's is the object.
    """
    middle = colour + _NEAR * drawn.standard_normal(3) if drawn.random() < _ALIKE else drawn.integers(0, 256, 3)
    return _mixed(drawn, middle, shape, _LEAST_UNLIKE)


def _mixed(drawn: np.random.Generator, middle: np.ndarray, shape: tuple[int, ...], least: float) -> np.ndarray:
    """Return colours about a middle, (*shape, 3) uint8, from ``least`` to wholly unlike it."""
    unlike = drawn.uniform(least, 1)
    mixed = unlike * drawn.integers(0, 256, (*shape, 3)) + (1 - unlike) * middle
    return np.asarray(mixed.clip(0, 255).astype(np.uint8))
