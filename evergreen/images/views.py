"""Test-time views: what a model is shown of one image beside the image itself, and how its answers are averaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergreen.images.rows import Rows

if TYPE_CHECKING:
    from evergreen.sections.release import Views


@dataclass(frozen=True)
class View:
    """One way to show an image.

    Attributes:
        mirrored: left and right change places.
        shift: pixels by which the picture moves, down and to the right; below 0, up and to the left.
        weight: of the answer to it in the mean, 0-1.
    """

    mirrored: bool = False
    shift: int = 0
    weight: float = 1.0


MIRRORED = View(mirrored=True)


class Seen(Rows):
    """Some images as one view shows them, made when they are gathered."""

    def __init__(self, images: Rows, at: np.ndarray, view: View) -> None:
        """Take images, (H, W, 3) uint8 each, the positions of those that are meant, (N,) int, and the view."""
        self._images, self._at, self._view = images, at, view
        self.shape, self.dtype = images.shape, images.dtype

    def __len__(self) -> int:
        return len(self._at)

    def gather(self, positions: np.ndarray) -> np.ndarray:
        """Return the images at some positions, (n, H, W, 3)."""
        return shown(self._images.gather(self._at[positions]), self._view)


def views_of(views: Views) -> list[View]:
    """Return the views whose answers are averaged; their weights add up to 1.

    As the test-time augmentation of airbench94 (KellerJordan/cifar10-airbench, ``infer_mirror_translate``), but over
    probabilities, which are what a model of ours gives, and with any number of pixels n:

        p = 1/2 p(x) + 1/4 p(x moved by -n) + 1/4 p(x moved by +n)

    where with ``mirror`` each p(y) is (p(y) + p(mirror image of y)) / 2, and without shifts p is p(x) alone.
    """
    moved = {0: 0.5, -views.shifts: 0.25, views.shifts: 0.25} if views.shifts else {0: 1.0}
    sides = (False, True) if views.mirror else (False,)
    return [View(mirrored, shift, weight / len(sides)) for shift, weight in moved.items() for mirrored in sides]


def shown(images: np.ndarray, view: View) -> np.ndarray:
    """Return images under a view: moved, with reflection at the edge that a picture moves away from; then mirrored.

    Args:
        images: (N, H, W, 3), of any type.
        view: as above.

    Returns:
        As many, of the same shape and type; whole pixels move, so no value is computed anew.
    """
    height, width = images.shape[1:3]
    if view.shift:
        pad = abs(view.shift)
        padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)), mode="reflect")
        start = pad - view.shift
        images = padded[:, start : start + height, start : start + width]
    return images[:, :, ::-1] if view.mirrored else images
