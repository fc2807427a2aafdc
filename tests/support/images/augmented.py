"""Pictures, keys and settings that the tests of augmentation share."""

from dataclasses import fields

import cv2
import numpy as np

from evergreen.images.augmenting.changes import Changes
from evergreen.sections.augment import Augment

SIDE = 96
KEYS = [bytes([number, number // 256]) * 16 for number in range(24)]
EVERYTHING = Augment(
    rotation=40, width_shift=0.2, height_shift=0.1, shear=20, zoom=0.3, horizontal_flip=True, vertical_flip=True,
    brightness=(0.6, 1.4), channel_shift=30,
)  # fmt: skip


def smooth_pictures(count: int = len(KEYS), height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Return smooth pictures with some detail, as photos are."""
    rng = np.random.default_rng(0)
    return np.stack(
        [
            cv2.resize(rng.integers(0, 256, (9, 9, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
            for _ in range(count)
        ]
    )


def unchanged(count: int) -> Changes:
    """Return changes of so many images that change nothing."""
    values = {field.name: np.zeros(count) for field in fields(Changes)}
    values |= {name: np.ones(count) for name in ("x_zoom", "y_zoom", "brightness", "contrast")}
    values |= {name: np.zeros(count, bool) for name in ("mirrored", "upside_down")}
    values |= {name: np.zeros(count, np.int64) for name in ("x_move", "y_move")}
    return Changes(**values)
