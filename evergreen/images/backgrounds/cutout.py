"""An object cut out of a uniform background: a soft edge, without the background's colour in it.

The pixels that have the background's colour are told by ``uniform``; those within a band about their edge are mixtures

    I = a F + (1 - a) B        (Porter & Duff 1984, doi:10.1145/800031.808606)

where B, the background's colour, and F, the object's, are taken from the pixels nearby: means over a window, of the
background's pixels for B, and for F of the others, each by how far it is from B, squared, so that of a stroke of one
pixel, which is all edge, its middle counts. Then a is where I lies between both, (I - B) (F - B) / |F - B|^2, and the
object's own colour at the edge is what is left if B is taken out: F' = (I - (1 - a) B) / a, the spill suppression of
keyers; where a is so small that noise would decide, F itself stands. Off the band a is 0 or 1.
"""

from __future__ import annotations

import cv2
import numpy as np

from evergreen.images.backgrounds.uniform import areas

OPAQUE = 255
_BAND = 1 / 64  # of the shorter side, in each direction
_LEAST_BAND = 1
_WINDOW = 5  # bands, from the middle of the window to its sides
_LEAST_SHARE = 0.3  # of the object in a pixel whose colour can be told
_LEAST_APART = 12.0  # grey levels between object and background: less is no edge that can be told


def cut_out(pixels: np.ndarray) -> np.ndarray:
    """Return an image with how much of each pixel is the object, (H, W, 4) uint8: colours 0-255, then 0-255.

    Colours are not premultiplied. Where the background is not uniform, all of the image is the object.

    Args:
        pixels: (H, W, 3) uint8, RGB, 0-255.
    """
    behind = areas(pixels)
    if behind is None:
        return np.dstack([pixels, np.full(pixels.shape[:2], OPAQUE, np.uint8)])
    band = max(_LEAST_BAND, round(_BAND * min(behind.shape)))
    near = _near_edge(behind, band)
    image = pixels.astype(np.float32)
    weights = behind.astype(np.float32)
    own, back = image[near], _mean_nearby(image, weights, near, band)
    apart = image - np.array(cv2.mean(pixels, behind.astype(np.uint8))[:3], np.float32)
    front = _mean_nearby(image, (1 - weights) * np.square(apart).sum(axis=2), near, band)
    line = front - back
    length = np.square(line).sum(axis=1)
    told = length > _LEAST_APART**2
    share = (((own - back) * line).sum(axis=1) / np.maximum(length, 1)).clip(0, 1)
    share = np.where(told, share, 1 - weights[near])[:, None]
    part = np.maximum(share, _LEAST_SHARE)
    without = np.where(share < _LEAST_SHARE, front, (own - (1 - part) * back) / part)
    cut = np.dstack([image, OPAQUE * (1 - weights)])
    cut[near] = np.concatenate([np.where(told[:, None], without, own), OPAQUE * share], axis=1)
    return np.asarray(cut.clip(0, OPAQUE).round().astype(np.uint8))


def is_cut_out(cutouts: np.ndarray) -> np.ndarray:
    """Return of some images, (N, H, W, 4) as ``cut_out`` gives them, whose background was found: (N,) bool."""
    found: np.ndarray = (cutouts[..., 3] == 0).any(axis=(1, 2))
    return found


def mean_colour(cutout: np.ndarray) -> np.ndarray:
    """Return the mean colour of an object, (3,) float64 0-255, of its pixels that are no edge.

    Args:
        cutout: (H, W, 4) uint8, as ``cut_out`` returns it.
    """
    whole = (cutout[:, :, 3] == OPAQUE).astype(np.uint8)
    return np.array(cv2.mean(np.ascontiguousarray(cutout[:, :, :3]), whole)[:3])


def over(cutout: np.ndarray, scene: np.ndarray) -> np.ndarray:
    """Return an object before a scene, (H, W, 3) uint8.

    Args:
        cutout: (H, W, 4) uint8, as ``cut_out`` returns it.
        scene: (H, W, 3) uint8.
    """
    alpha = cutout[:, :, 3].astype(np.float32)
    return np.asarray(cv2.blendLinear(np.ascontiguousarray(cutout[:, :, :3]), scene, alpha, OPAQUE - alpha))


def _near_edge(behind: np.ndarray, band: int) -> np.ndarray:
    """Return which pixels lie within so many of the edge, (H, W) bool."""
    square = np.ones((2 * band + 1, 2 * band + 1), np.uint8)
    some = behind.astype(np.uint8)
    return np.asarray(cv2.dilate(some, square) != cv2.erode(some, square))


def _mean_nearby(image: np.ndarray, weights: np.ndarray, where: np.ndarray, band: int) -> np.ndarray:
    """Return weighted means over a window about some pixels, (n, 3) float32; without weight there, over all pixels.

    Normalised convolution (Knutsson & Westin 1993, doi:10.1109/CVPR.1993.341081).
    """
    weighed = cv2.merge([*cv2.split(cv2.multiply(image, cv2.merge([weights] * 3))), weights])
    total = cv2.sumElems(weighed)
    anywhere = np.array(total[:3], np.float32) / total[3] if total[3] else np.array(cv2.mean(image)[:3], np.float32)
    little = 1e-4 * max(float(weights.max()), 1e-6)
    nearby = cv2.boxFilter(weighed, -1, (2 * _WINDOW * band + 1,) * 2, borderType=cv2.BORDER_REPLICATE)[where]
    return np.asarray((nearby[:, :3] + little * anywhere) / (nearby[:, 3:] + little), np.float32)
