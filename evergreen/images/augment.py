"""Random changes to training images, as a recipe says.

What happens to an image follows from the seed, the view and the image's digest alone (and, where images are mixed, from
the digests of the side that partners are drawn from): neither the order of images nor the number of threads can change
it. The order: backgrounds; flips, shifts, turns in one warp; whole pixels; colours; a worse image; erasing; mixing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from blake3 import blake3

from evergreen.images.augmenting import degrading, mixing, operations
from evergreen.images.augmenting.changes import Changes, apply
from evergreen.images.augmenting.draws import purpose, uniform
from evergreen.images.augmenting.erasing import erase, rectangles
from evergreen.images.augmenting.mixing import Mixing
from evergreen.sections.augment import Augment

if TYPE_CHECKING:
    from evergreen.images.backgrounds.replacing import Backgrounds
    from evergreen.images.threads import Threads

_DRAWN = 15  # of one draw all: what is new draws by a purpose of its own, or it would change what these come to
# What has been in every name from the first one on, set or not. What came later is in the names of those alone that set
# it: features that rest under an earlier name stay those of a recipe that does not.
_ALWAYS_NAMED = frozenset(
    (
        *("rotation", "width_shift", "height_shift", "shear", "zoom", "horizontal_flip", "vertical_flip", "translate"),
        *("brightness", "contrast", "hue", "channel_shift", "random_resolution", "magnitude", "rand_augment", "fill"),
        *("erasing", "mixup", "cutmix"),
    )
)
_LEAST_ZOOM = 0.1  # a zoom of 1 allows a factor of 0, which would make a picture of one pixel


def expanded(augment: Augment) -> Augment:
    """Return the settings with ``magnitude`` m replaced by what it stands for.

    As in reference system 4: flips; rotation, zoom and shifts each 2 m; brightness, contrast and hue each m. Keras
    measures a random rotation in full turns, so 2 m is 720 m degrees, at most 180.
    """
    if augment.magnitude is None:
        return augment
    m = augment.magnitude
    stands_for = {
        "rotation": min(180.0, 720 * m),
        "width_shift": min(1.0, 2 * m),
        "height_shift": min(1.0, 2 * m),
        "zoom": min(1.0, 2 * m),
        "horizontal_flip": m > 0,
        "brightness": (1 - m, 1 + m) if m else None,
        "contrast": m,
        "hue": min(0.5, m),
    }
    return augment.model_copy(update={"magnitude": None, **stands_for})


def _said(augment: Augment) -> str:
    """Return settings as JSON, without later fields that are left to their default."""
    fields = type(augment).model_fields
    left = {name for name in fields.keys() - _ALWAYS_NAMED if getattr(augment, name) == fields[name].default}
    return augment.model_dump_json(exclude=left)


class Augmenter:
    """Changes training images as a recipe says; with a recipe that says nothing it returns what it is given.

    Attributes:
        active: whether views of an image differ at all: by what changes it or by what it is mixed with.
        name: a digest of the seed and of what the recipe says.
    """

    def __init__(self, augment: Augment, seed: int, backgrounds: Backgrounds | None = None) -> None:
        """Take the recipe's ``augment`` and its seed; nothing is drawn yet.

        Args:
            augment: as in the recipe.
            seed: of the recipe.
            backgrounds: what stands behind objects, of the side whose images will come, if ``augment.background`` says
                so; without them none is replaced.
        """
        self._augment = expanded(augment)
        self._seed = seed
        self._mixes = bool(self._augment.mixup or self._augment.cutmix)
        self._backgrounds = backgrounds
        alone = self._augment.model_copy(update={"mixup": 0.0, "cutmix": 0.0, "background": None})
        self._changes = alone != Augment(fill=self._augment.fill)
        self.active = self._changes or self._mixes or self._augment.background is not None
        behind = f" {backgrounds.name}" if backgrounds else ""
        self.name = blake3(f"{seed} {_said(self._augment)}{behind}".encode()).hexdigest()[:32]

    def draw(self, keys: Sequence[bytes], view: int, height: int, width: int) -> Changes:
        """Return what happens to some images of (height, width) pixels in one view of them.

        Args:
            keys: one an image: its digest, and what tells its repetitions apart.
            view: number of the view, from 0.
            height: of the images, in pixels.
            width: of the images, in pixels.
        """
        drawn = uniform(keys, purpose("augment", self._seed, view), _DRAWN)
        settings = self._augment

        def between(column: int, low: float, high: float) -> np.ndarray:
            return np.asarray(low + (high - low) * drawn[:, column])

        def about(column: int, most: float) -> np.ndarray:
            return between(column, -most, most)

        def pixels(column: int, most: int) -> np.ndarray:
            return np.asarray(np.floor((2 * most + 1) * drawn[:, column]).astype(np.int64) - most)

        zoom = (max(_LEAST_ZOOM, 1 - settings.zoom), 1 + settings.zoom)
        x_zoom, y_zoom = between(4, *zoom), between(5, *zoom)
        if settings.random_resolution:
            scale = between(12, *settings.random_resolution)  # a larger picture is sampled from a smaller area
            x_zoom, y_zoom = x_zoom / scale, y_zoom / scale
        if settings.horizontal_flip == "alternate":
            mirrored = self._alternate(keys, view)
        else:
            mirrored = (drawn[:, 6] < 0.5) & settings.horizontal_flip
        return Changes(
            rotation=about(0, settings.rotation),
            shear=about(3, settings.shear),
            x_shift=about(1, settings.width_shift * width),
            y_shift=about(2, settings.height_shift * height),
            x_zoom=x_zoom,
            y_zoom=y_zoom,
            mirrored=mirrored,
            upside_down=(drawn[:, 7] < 0.5) & settings.vertical_flip,
            x_move=pixels(13, settings.translate),
            y_move=pixels(14, settings.translate),
            channel_shift=about(8, settings.channel_shift),
            brightness=between(9, *(settings.brightness or (1, 1))),
            contrast=between(10, 1 - settings.contrast, 1 + settings.contrast),
            hue=about(11, settings.hue),
        )

    def __call__(self, images: np.ndarray, keys: Sequence[bytes], view: int, threads: Threads) -> np.ndarray:
        """Return changed images, (N, H, W, 3) uint8; nothing is mixed yet.

        Args:
            images: (N, H, W, 3) uint8, 0-255.
            keys: as in ``draw``.
            view: as in ``draw``.
            threads: what works on the images side by side.
        """
        if self._backgrounds:
            images = self._backgrounds(images, keys, view, threads)
        if not self._changes:
            return images
        settings, seed = self._augment, self._seed
        _, height, width, _ = images.shape
        drawn = None
        if settings.rand_augment:
            drawn = operations.draw(keys, settings.rand_augment, seed, view, height, width)
        changed = apply(images, self.draw(keys, view, height, width), settings.fill, threads, drawn)
        if degrading.degrades(settings):
            worse = degrading.draw(keys, settings, seed, view, height, width)
            changed = degrading.degrade(changed, worse, keys, seed, view, threads)
        if settings.erasing:
            changed = changed.copy() if changed is images else changed
            where = rectangles(keys, settings.erasing, seed, view, height, width)
            erase(changed, where, keys, settings.erasing, seed, view)
        return changed

    def names(self, keys: Sequence[bytes], view: int) -> Sequence[bytes]:
        """Return a key of 32 bytes for each picture of a view, before it is mixed: what shows the same has the same.

        Args:
            keys: as in ``draw``.
            view: as in ``draw``.
        """
        return self._backgrounds.names(keys, view) if self._backgrounds else keys

    def mixing(self, keys: Sequence[bytes], view: int, height: int, width: int) -> Mixing | None:
        """Return how the images of a whole training side are mixed in one view; None if they are not.

        Args:
            keys: one an image of the side, all different.
            view: as in ``draw``.
            height: of the images, in pixels.
            width: of the images, in pixels.
        """
        if not self._mixes:
            return None
        return mixing.draw(keys, self._augment.mixup, self._augment.cutmix, self._seed, view, height, width)

    def together(self, images: np.ndarray, keys: Sequence[bytes], view: int, threads: Threads) -> np.ndarray:
        """Return a whole training side changed and mixed, (N, H, W, 3) uint8, where all of it is at hand.

        Args:
            images: (N, H, W, 3) uint8, 0-255.
            keys: as in ``mixing``.
            view: as in ``draw``.
            threads: what works on the images side by side.
        """
        changed = self(images, keys, view, threads)
        mixing = self.mixing(keys, view, *images.shape[1:3])
        if mixing is None:
            return changed
        return mixing.pictures(changed, changed[mixing.partners], np.arange(len(images)), threads)

    def _alternate(self, keys: Sequence[bytes], view: int) -> np.ndarray:
        """Return which images are mirrored: half of them in view 0, by their keys, and every other view from there.

        "Alternating flip" of Jordan 2024 (arXiv:2404.00498, section 3.6): two epochs show each image both ways, where
        drawing anew would show half of them the same way twice.
        """
        first = uniform(keys, f"alternate {self._seed} ".encode(), 1)[:, 0] < 0.5
        return np.asarray(first ^ bool(view % 2))
