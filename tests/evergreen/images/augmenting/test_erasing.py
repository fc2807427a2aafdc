"""evergreen.images.augmenting.erasing: rectangles within their bounds, and what is put there."""

import numpy as np
import pytest
from augmented import KEYS, smooth_pictures
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.images.augmenting.erasing import erase, rectangles
from evergreen.sections.augment import Erasing

MANY = [number.to_bytes(32, "little") for number in range(3000)]


@settings(deadline=None, max_examples=40)
@given(
    st.integers(8, 200),
    st.integers(8, 200),
    st.tuples(st.floats(0.01, 0.6), st.floats(0, 0.4)),
    st.tuples(st.floats(0.1, 4), st.floats(1, 3)),
)
def test_rectangles_keep_to_area_and_aspect(
    height: int, width: int, area: tuple[float, float], aspect: tuple[float, float]
) -> None:
    erasing = Erasing(probability=1, area=(area[0], area[0] + area[1]), aspect=(aspect[0], aspect[0] * aspect[1]))
    found = rectangles(MANY[:40], erasing, 1, 2, height, width)
    high, wide = found[:, 2] - found[:, 0], found[:, 3] - found[:, 1]
    assert (found >= 0).all()
    assert (found[:, 2] <= height).all()
    assert (found[:, 3] <= width).all()
    some = high > 0
    # Both sides are rounded to whole pixels.
    assert ((high + 0.5) * (wide + 0.5) >= erasing.area[0] * height * width)[some].all()
    assert ((high - 0.5) * (wide - 0.5) <= erasing.area[1] * height * width)[some].all()
    assert ((high + 0.5) / (wide - 0.5) >= erasing.aspect[0])[some].all()
    assert ((high - 0.5) / (wide + 0.5) <= erasing.aspect[1])[some].all()


def test_they_are_as_often_as_said_everywhere_and_upright_as_often_as_lying() -> None:
    found = rectangles(MANY, Erasing(probability=0.4), 1, 0, 64, 64)
    some = found[found[:, 2] > found[:, 0]]
    assert 0.36 < len(some) / len(MANY) < 0.44
    high, wide = some[:, 2] - some[:, 0], some[:, 3] - some[:, 1]
    assert 0.42 < (high > wide).mean() < 0.55
    covered = np.zeros((64, 64))
    for top, left, bottom, right in some:
        covered[top:bottom, left:right] += 1
    assert (covered > 0).mean() > 0.99  # a corner is rarely reached


def test_what_can_never_fit_erases_nothing() -> None:
    flat = Erasing(probability=1, area=(0.9, 0.9), aspect=(50, 60))
    assert not rectangles(MANY[:50], flat, 1, 0, 32, 32).any()


def test_a_size_is_cutout() -> None:
    found = rectangles(MANY, Erasing(probability=1, size=16), 1, 0, 32, 48)
    high, wide = found[:, 2] - found[:, 0], found[:, 3] - found[:, 1]
    assert high.max() == wide.max() == 16
    assert high.min() == wide.min() == 8  # its middle on the border
    assert 0.33 < ((high == 16) & (wide == 16)).mean() < 0.4  # 17 / 32 * 33 / 48 = 0.365


@pytest.mark.parametrize("fill", ["noise", "mean", "constant"])
def test_what_is_put_there(fill: str) -> None:
    pictures, erasing = smooth_pictures(6), Erasing(probability=1, fill=fill)
    where = rectangles(KEYS[:6], erasing, 1, 0, *pictures.shape[1:3])
    changed = pictures.copy()
    erase(changed, where, KEYS[:6], erasing, 1, 0)
    for index, (top, left, bottom, right) in enumerate(where):
        inside = np.zeros(pictures.shape[1:3], bool)
        inside[top:bottom, left:right] = True
        assert (changed[index][~inside] == pictures[index][~inside]).all()
        put = changed[index][inside]
        if fill == "constant":
            assert (put == 0).all()
        elif fill == "mean":
            assert np.abs(put - pictures[index].mean(axis=(0, 1))).max() <= 0.5
        else:
            assert 60 < put.std() < 90  # even noise: 74
            assert len(np.unique(put)) > 50
    again = pictures[2:3].copy()
    erase(again, where[2:3], KEYS[2:3], erasing, 1, 0)
    assert (again == changed[2:3]).all()
