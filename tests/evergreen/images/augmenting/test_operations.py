"""evergreen.images.augmenting.operations: Pillow's own operations as the oracle, and what is drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from augmented import KEYS, SIDE, smooth_pictures, unchanged
from PIL import Image, ImageEnhance, ImageOps

from evergreen.images.augmenting.changes import apply
from evergreen.images.augmenting.operations import OPERATIONS, WARPS, Operations, coloured, draw, strength_of
from evergreen.images.threads import Threads
from evergreen.sections.augment import RandAugment

THEIRS: dict[str, Callable[[Image.Image, float], Image.Image]] = {
    "brightness": lambda image, factor: ImageEnhance.Brightness(image).enhance(factor),
    "color": lambda image, factor: ImageEnhance.Color(image).enhance(factor),
    "contrast": lambda image, factor: ImageEnhance.Contrast(image).enhance(factor),
    "sharpness": lambda image, factor: ImageEnhance.Sharpness(image).enhance(factor),
    "posterize": lambda image, bits: ImageOps.posterize(image, int(bits)),
    "solarize": lambda image, threshold: ImageOps.solarize(image, int(threshold)),
    "autocontrast": lambda image, _: ImageOps.autocontrast(image),
    "equalize": lambda image, _: ImageOps.equalize(image),
}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", THEIRS)
def test_colours_are_pillows(name: str, sign: int) -> None:
    for picture in smooth_pictures(4):
        picture = (picture.astype(int) * 3 // 4 + 20).astype(np.uint8)  # not all levels, so that stretching shows
        strength = strength_of(name, 15, sign)
        theirs = np.asarray(THEIRS[name](Image.fromarray(picture), strength)).astype(int)
        ours = coloured(picture, [(name, strength)])
        assert np.abs(ours - theirs)[1:-1, 1:-1].max() <= (9 if name == "equalize" else 2)
        # Pillow shares out whole pixels to levels, OpenCV rounds once.
        assert name == "equalize" or np.abs(ours - theirs)[1:-1, 1:-1].mean() < 0.7
        assert (ours != picture).any()


def test_a_flat_picture_stays_what_it_is() -> None:
    flat = np.full((8, 8, 3), 77, np.uint8)
    for name in ("autocontrast", "equalize", "sharpness", "color"):
        assert (coloured(flat, [(name, 1.9)]) == 77).all()


@pytest.mark.parametrize("name", WARPS)
def test_warps_are_pillows_about_the_middle(name: str) -> None:
    pictures, height, width = smooth_pictures(1, 60, 90), 60, 90
    middle = np.eye(3)
    middle[:2, 2] = (width - 1) / 2, (height - 1) / 2
    about = (middle @ _expected(name, height, width) @ np.linalg.inv(middle))[:2]
    half = about.copy()
    half[:, 2] += 0.5 - about[:, :2] @ (0.5, 0.5)  # Pillow's coordinates begin at a pixel's corner
    theirs = np.asarray(
        Image.fromarray(pictures[0]).transform(
            (width, height), Image.Transform.AFFINE, half.ravel().tolist(), Image.Resampling.BILINEAR
        )
    )
    seen = np.asarray(
        Image.new("L", (width, height), 255).transform((width, height), Image.Transform.AFFINE, half.ravel().tolist())
    )
    drawn = _drawn(name, height, width)
    with Threads(1) as threads:
        ours = apply(pictures, unchanged(1), "constant", threads, drawn)
    assert np.abs(ours[0].astype(int) - theirs)[seen > 0].mean() < 2
    assert (ours != pictures).any()


def _drawn(name: str, height: int, width: int) -> Operations:
    """Return the first draw whose one operation is this one, to the positive side, at a magnitude of 20."""
    for number in range(2000):
        drawn = draw([number.to_bytes(32, "little")], RandAugment(operations=1, magnitude=20), 0, 0, height, width)
        if (drawn.warps[0] == _expected(name, height, width)).all():
            return drawn
    raise AssertionError(f"{name} was never drawn")


def _expected(name: str, height: int, width: int) -> np.ndarray:
    strength, warp = strength_of(name, 20, 1), np.eye(3)
    if name == "rotate":
        turn = np.deg2rad(strength)
        warp[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    else:
        place = {"shear-x": (0, 1), "shear-y": (1, 0), "translate-x": (0, 2), "translate-y": (1, 2)}[name]
        warp[place] = strength * {"translate-x": width, "translate-y": height}.get(name, 1)
    return warp


def test_all_operations_are_drawn_alike_and_both_ways() -> None:
    keys = [number.to_bytes(32, "little") for number in range(7000)]
    drawn = draw(keys, RandAugment(operations=1, magnitude=30), 1, 0, SIDE, SIDE)
    seen = [one[0] for one in drawn.colours if one]
    counts = {name: sum(one[0] == name for one in seen) for name in THEIRS}
    assert all(380 < count < 620 for count in counts.values())
    warped = (drawn.warps != np.eye(3)).any(axis=(1, 2)).sum()
    assert 380 * 5 < warped < 620 * 5
    assert 7000 - len(seen) - warped > 380  # identity
    assert {round(factor, 9) for name, factor in seen if name == "brightness"} == {1.9, 0.1}
    assert set(THEIRS) | set(WARPS) | {"identity"} == set(OPERATIONS)
    assert len(OPERATIONS) == 14


def test_several_operations_follow_each_other() -> None:
    drawn = draw(KEYS, RandAugment(operations=9, magnitude=9), 1, 0, SIDE, SIDE)
    assert max(len(own) for own in drawn.colours) > 4
    picture = smooth_pictures(1)[0]
    two = [("posterize", 4.0), ("brightness", 1.5)]
    assert (coloured(picture, two) == coloured(coloured(picture, two[:1]), two[1:])).all()
    assert (coloured(picture, two) != coloured(picture, two[::-1])).any()


def test_strengths_grow_from_nothing_to_those_of_autoaugment() -> None:
    ends = {name: (strength_of(name, 0, 1), strength_of(name, 30, 1)) for name in OPERATIONS}
    assert ends["rotate"] == (0, 30)
    assert ends["shear-x"] == ends["shear-y"] == (0, 0.3)
    assert ends["translate-x"] == (0, pytest.approx(150 / 331))
    assert ends["sharpness"] == (1, 1.9)
    assert ends["posterize"] == (8, 4)
    assert ends["solarize"] == (256, 0)
