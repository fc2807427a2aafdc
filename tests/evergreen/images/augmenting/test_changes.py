"""evergreen.images.augmenting.changes: Keras' own transformations as the oracle."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import tensorflow as tf
from augmented import EVERYTHING, KEYS, SIDE, smooth_pictures, unchanged
from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator

from evergreen.images.augment import Augmenter
from evergreen.images.augmenting.changes import apply, matrices
from evergreen.images.threads import Threads
from evergreen.sections.augment import Augment


def _inside(warp: np.ndarray, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Return which pixels of a result are sampled well inside the picture: (H, W) bool."""
    y, x = np.mgrid[:height, :width]
    at = warp @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    inside = (at >= 1).all(axis=0) & (at[0] <= width - 2) & (at[1] <= height - 2)
    return np.asarray(inside.reshape(height, width))


@pytest.mark.parametrize("fill", ["nearest", "reflect", "wrap", "constant"])
@pytest.mark.parametrize(
    "what",
    [
        "rotation",
        "shear",
        "x_shift",
        "y_shift",
        "x_zoom",
        "y_zoom",
        "mirrored",
        "upside_down",
        "channel_shift",
        "brightness",
        "everything",
    ],
)
def test_it_does_what_keras_does(what: str, fill: str) -> None:
    drawn = Augmenter(EVERYTHING, 1).draw(KEYS, 0, SIDE, SIDE)
    changes = drawn if what == "everything" else replace(unchanged(len(KEYS)), **{what: getattr(drawn, what)})
    pictures = smooth_pictures()
    with Threads(2) as threads:
        ours = apply(pictures, changes, fill, threads)
    keras = ImageDataGenerator(fill_mode=fill)
    warps = matrices(changes, SIDE, SIDE)
    compared = 0
    for index, picture in enumerate(pictures):
        theirs = keras.apply_transform(
            picture.astype(np.float32),
            {
                "theta": changes.rotation[index],
                "tx": changes.x_shift[index],
                "ty": changes.y_shift[index],
                "shear": changes.shear[index],
                "zx": changes.x_zoom[index],
                "zy": changes.y_zoom[index],
                "flip_horizontal": changes.mirrored[index],
                "flip_vertical": changes.upside_down[index],
                "channel_shift_intensity": changes.channel_shift[index],
                "brightness": changes.brightness[index],
            },
        )
        inside = _inside(warps[index])
        compared += int(inside.sum())
        assert np.abs(ours[index][inside] - theirs[inside]).mean() <= 2
        if fill == "nearest":
            assert np.abs(ours[index] - theirs).mean() <= 2  # the border too
    assert compared > 0.5 * pictures[..., 0].size
    assert what in ("everything", "rotation") or (ours != pictures).any()


def test_contrast_is_about_the_mean_of_each_channel_and_hue_turns_the_circle() -> None:
    pictures = smooth_pictures(4)
    rates, turns = np.array([0.5, 0.8, 1.2, 1.5]), np.array([-0.4, -0.1, 0.2, 0.5])
    with Threads(1) as threads:
        contrast = apply(pictures, replace(unchanged(4), contrast=rates), "nearest", threads)
        hue = apply(pictures, replace(unchanged(4), hue=turns), "nearest", threads)
    for index, picture in enumerate(pictures):
        means = picture.mean(axis=(0, 1))
        theirs = ((picture - means) * rates[index] + means).clip(0, 255)
        assert np.abs(contrast[index] - theirs).mean() <= 1
        turned = tf.image.adjust_hue(tf.constant(picture, tf.float32) / 255, turns[index]).numpy() * 255
        assert np.abs(hue[index] - turned).mean() <= 3  # HSV in 8 bits


def test_a_random_resolution_is_scaling_and_then_reflecting_or_cropping() -> None:
    pictures = smooth_pictures(2)
    for scale in (0.75, 1.25):  # whole pixels on every side
        drawn = Augmenter(Augment(random_resolution=(scale, scale), fill="reflect"), 0).draw(KEYS[:2], 0, SIDE, SIDE)
        with Threads(1) as threads:
            ours = apply(pictures, drawn, "reflect", threads)
        side = round(SIDE * scale)
        for picture, changed in zip(pictures, ours, strict=True):
            scaled = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
            gap = (SIDE - side) // 2
            if gap > 0:
                rest = SIDE - side - gap
                theirs = cv2.copyMakeBorder(scaled, gap, rest, gap, rest, cv2.BORDER_REFLECT)
            else:
                theirs = scaled[-gap : -gap + SIDE, -gap : -gap + SIDE]
            assert np.abs(changed.astype(float) - theirs).mean() <= 2


def test_what_is_uncovered_is_black_with_a_constant_fill() -> None:
    changes = replace(unchanged(1), x_shift=np.array([40.0]))
    with Threads(1) as threads:
        changed = apply(np.full((1, SIDE, SIDE, 3), 200, np.uint8), changes, "constant", threads)
    assert (changed[0, :, -39:] == 0).all()
    assert (changed[0, :, :55] == 200).all()


def test_a_picture_that_is_not_square_turns_about_its_middle() -> None:
    picture = np.zeros((1, 41, 81, 3), np.uint8)
    picture[0, 18:23, 38:43] = 255
    with Threads(1) as threads:
        changed = apply(picture, replace(unchanged(1), rotation=np.array([90.0])), "nearest", threads)
    assert (changed == picture).all()
