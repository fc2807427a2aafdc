"""evergreen.images.augment: Keras' own transformations as the oracle, and every draw a function of its key alone."""

from dataclasses import fields, replace
from typing import Any

import cv2
import numpy as np
import pytest
import tensorflow as tf
from keras._tf_keras.keras.preprocessing.image import ImageDataGenerator
from pydantic import ValidationError

from evergreen.images.augment import Augmenter, Changes, apply, expanded, matrices
from evergreen.images.threads import Threads
from evergreen.sections.data import Augment
from evergreen.vision.training.batches import keys_of

SIDE = 96
KEYS = [bytes([number, number // 256]) * 16 for number in range(24)]
EVERYTHING = Augment(
    rotation=40, width_shift=0.2, height_shift=0.1, shear=20, zoom=0.3, horizontal_flip=True, vertical_flip=True,
    brightness=(0.6, 1.4), channel_shift=30,
)  # fmt: skip


def _pictures(count: int = len(KEYS), height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Return smooth pictures with some detail, as photos are."""
    rng = np.random.default_rng(0)
    return np.stack(
        [
            cv2.resize(rng.integers(0, 256, (9, 9, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
            for _ in range(count)
        ]
    )


def _inside(warp: np.ndarray, height: int = SIDE, width: int = SIDE) -> np.ndarray:
    """Return which pixels of a result are sampled well inside the picture: (H, W) bool."""
    y, x = np.mgrid[:height, :width]
    at = warp @ np.stack([x.ravel(), y.ravel(), np.ones(x.size)])
    inside = (at >= 1).all(axis=0) & (at[0] <= width - 2) & (at[1] <= height - 2)
    return np.asarray(inside.reshape(height, width))


def _none(count: int) -> Changes:
    ones, zeros, no = np.ones(count), np.zeros(count), np.zeros(count, bool)
    names = {field.name: zeros for field in fields(Changes)}
    same = dict.fromkeys(("x_zoom", "y_zoom", "brightness", "contrast"), ones)
    return Changes(**{**names, **same, "mirrored": no, "upside_down": no})


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
    changes = drawn if what == "everything" else replace(_none(len(KEYS)), **{what: getattr(drawn, what)})
    pictures = _pictures()
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
    pictures = _pictures(4)
    rates, turns = np.array([0.5, 0.8, 1.2, 1.5]), np.array([-0.4, -0.1, 0.2, 0.5])
    with Threads(1) as threads:
        contrast = apply(pictures, replace(_none(4), contrast=rates), "nearest", threads)
        hue = apply(pictures, replace(_none(4), hue=turns), "nearest", threads)
    for index, picture in enumerate(pictures):
        means = picture.mean(axis=(0, 1))
        theirs = ((picture - means) * rates[index] + means).clip(0, 255)
        assert np.abs(contrast[index] - theirs).mean() <= 1
        turned = tf.image.adjust_hue(tf.constant(picture, tf.float32) / 255, turns[index]).numpy() * 255
        assert np.abs(hue[index] - turned).mean() <= 3  # HSV in 8 bits


def test_a_random_resolution_is_scaling_and_then_reflecting_or_cropping() -> None:
    pictures = _pictures(2)
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
    changes = replace(_none(1), x_shift=np.array([40.0]))
    with Threads(1) as threads:
        changed = apply(np.full((1, SIDE, SIDE, 3), 200, np.uint8), changes, "constant", threads)
    assert (changed[0, :, -39:] == 0).all()
    assert (changed[0, :, :55] == 200).all()


def test_a_picture_that_is_not_square_turns_about_its_middle() -> None:
    picture = np.zeros((1, 41, 81, 3), np.uint8)
    picture[0, 18:23, 38:43] = 255
    with Threads(1) as threads:
        changed = apply(picture, replace(_none(1), rotation=np.array([90.0])), "nearest", threads)
    assert (changed == picture).all()


def test_only_the_seed_the_view_and_the_key_decide() -> None:
    pictures, order = _pictures(), np.random.default_rng(1).permutation(len(KEYS))
    augmenter = Augmenter(EVERYTHING, 7)
    with Threads(1) as one, Threads(3) as three:
        first = augmenter(pictures, KEYS, 2, one)
        shuffled = augmenter(pictures[order], [KEYS[index] for index in order], 2, three)
        alone = augmenter(pictures[5:6], KEYS[5:6], 2, one)
        assert (shuffled == first[order]).all()
        assert (alone == first[5:6]).all()
        assert (Augmenter(EVERYTHING, 7)(pictures, KEYS, 2, one) == first).all()
        for other in (augmenter(pictures, KEYS, 3, one), Augmenter(EVERYTHING, 8)(pictures, KEYS, 2, one)):
            assert all((a != b).any() for a, b in zip(first, other, strict=True))


def test_draws_fill_their_ranges_evenly() -> None:
    keys = [number.to_bytes(32, "little") for number in range(4000)]
    drawn = Augmenter(EVERYTHING, 3).draw(keys, 0, 100, 200)
    for values, low, high in (
        (drawn.rotation, -40, 40), (drawn.shear, -20, 20), (drawn.x_shift, -40, 40), (drawn.y_shift, -10, 10),
        (drawn.x_zoom, 0.7, 1.3), (drawn.y_zoom, 0.7, 1.3),
        (drawn.brightness, 0.6, 1.4), (drawn.channel_shift, -30, 30),
    ):  # fmt: skip
        counts, _ = np.histogram(values, bins=8, range=(low, high))
        assert counts.sum() == 4000
        assert counts.min() > 400
    assert 0.45 < drawn.mirrored.mean() < 0.55
    assert 0.45 < drawn.upside_down.mean() < 0.55
    table = np.stack([getattr(drawn, field.name).astype(float) for field in fields(Changes)])
    varied = table[table.std(axis=1) > 0]
    assert np.abs(np.corrcoef(varied) - np.eye(len(varied))).max() < 0.06  # no two are drawn together


def test_one_magnitude_sets_them_all() -> None:
    settings = expanded(Augment(magnitude=0.2, fill="reflect"))
    assert settings == Augment(
        rotation=144, width_shift=0.4, height_shift=0.4, zoom=0.4, horizontal_flip=True, brightness=(0.8, 1.2),
        contrast=0.2, hue=0.2, fill="reflect",
    )  # fmt: skip
    strongest = Augmenter(Augment(magnitude=0.5), 1).draw(KEYS, 0, SIDE, SIDE)
    assert strongest.x_zoom.min() >= 0.1
    assert not Augmenter(Augment(magnitude=0), 1).active


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"magnitude": 0.2, "rotation": 10}, "expected no rotation beside it"),
        ({"magnitude": 0.6}, "less than or equal to 0.5"),
        ({"brightness": (1.2, 0.8)}, r"brightness: expected \[low, high\]"),
        ({"random_resolution": (0.0, 1.0)}, r"random_resolution: expected \[low, high\]"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Augment(**settings)


def test_without_settings_the_same_array_comes_back() -> None:
    pictures = _pictures(2)
    with Threads(1) as threads:
        assert Augmenter(Augment(fill="wrap"), 1)(pictures, KEYS[:2], 0, threads) is pictures


def test_a_repeated_image_has_a_key_of_its_own_each_time() -> None:
    one, two = "1" * 64, "2" * 64
    keys = keys_of([one, two, one, one])
    assert keys[:2] == [bytes.fromhex(one), bytes.fromhex(two)]
    assert len(set(keys)) == 4
    assert keys_of([one, one, one])[1:] == [keys[2], keys[3]]
