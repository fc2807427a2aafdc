"""evergreen.reports.looking.sheet: every picture once, where it is said to be, and never too many bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from evergreen.reports.looking.sheet import MOST_BYTES, SIDE, sheet


def plain(count: int, shape: tuple[int, int]) -> list[np.ndarray]:
    """Pictures of one colour each."""
    colours = [(61 * number % 256, 255 - 11 * number, 31 * number % 256) for number in range(count)]
    return [np.full((*shape, 3), colour, np.uint8) for colour in colours]


@pytest.mark.parametrize("shape", [(16, 16), (28, 28), (64, 64), (90, 224), (300, 20), (40, 400)])
@pytest.mark.parametrize("count", [1, 2, 23])
def test_each_picture_is_where_it_is_said_to_be(shape: tuple[int, int], count: int) -> None:
    pictures = plain(count, shape)
    found = sheet(iter(pictures))
    assert found is not None
    assert found.data == sheet(pictures).data  # type: ignore[union-attr]
    with Image.open(io.BytesIO(found.data)) as opened:
        assert opened.format == "WEBP"
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    high, wide = found.tile
    assert max(high, wide) <= SIDE
    assert pixels.shape[:2] == (found.rows * found.place[0], found.columns * found.place[1])
    for number, picture in enumerate(pictures):
        column, row = found.at(number)
        top, left = row * found.place[0], column * found.place[1]
        # A decoder smooths colours over a tile's outermost pixel.
        assert np.abs(np.median(pixels[top : top + high, left : left + wide], axis=(0, 1)) - picture[0, 0]).max() <= 12


def test_tiny_pictures_lose_nothing_and_show_as_pixels() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
    found = sheet(noise)
    assert found is not None
    with Image.open(io.BytesIO(found.data)) as opened:
        pixels = np.asarray(opened.convert("RGB"))
    column, row = found.at(39)
    assert np.array_equal(pixels[16 * row : 16 * row + 16, 16 * column : 16 * column + 16], noise[39])
    assert "image-rendering:pixelated" in found.style
    assert "pixelated" not in sheet(plain(3, (100, 100))).style  # type: ignore[union-attr]


def test_the_worst_pictures_are_made_smaller_until_they_fit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (2480, 32, 32, 3)).astype(np.uint8)
    found = sheet(np.repeat(np.repeat(one, 2, axis=0), 2, axis=1) for one in noise)
    assert found is not None
    assert len(found.data) <= MOST_BYTES
    assert max(found.tile) < SIDE


def test_a_picture_of_one_line_is_a_tile_too() -> None:
    found = sheet(plain(3, (1, 400)))
    assert found is not None
    assert found.tile == (1, SIDE)


def test_of_no_picture_there_is_no_sheet() -> None:
    assert sheet([]) is None


def test_its_style_names_each_place_in_the_sizes_that_are_shown() -> None:
    found = sheet(plain(5, (32, 64)))
    assert found is not None
    assert found.style.startswith('.tile-of{background-image:url("data:image/webp;base64,')
    assert "width:calc(var(--s,1)*80.0000px);height:calc(var(--s,1)*40.0000px)" in found.style
    assert "calc(var(--x)*var(--s,1)*-80.0000px) calc(var(--y)*var(--s,1)*-40.0000px)" in found.style
