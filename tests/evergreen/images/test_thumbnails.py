"""evergreen.images.thumbnails: small, never enlarged, with the same bytes every time."""

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from evergreen.images.thumbnails import data_address, embedded, for_browser, png, smaller, thumbnail


@pytest.mark.parametrize(
    ("size", "expected"), [((400, 100), (160, 40)), ((100, 400), (40, 160)), ((90, 70), (90, 70)), ((900, 1), (160, 1))]
)
def test_the_longer_side_is_bounded_and_nothing_is_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    width, height = size
    assert smaller(np.zeros((height, width, 3), np.uint8)).shape == (expected[1], expected[0], 3)


def test_a_thumbnail_is_of_the_upright_image(png: Callable[..., bytes]) -> None:
    data, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.open(io.BytesIO(png(0, (30, 20)))).save(data, "PNG", exif=exif)
    assert thumbnail(data.getvalue(), 15).shape == (15, 10, 3)


def test_red_stays_red_and_small_ones_lose_nothing() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 0] = 250
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)
    assert embedded(pixels) == data_address(png(pixels))
    large = embedded(np.broadcast_to(np.array([250, 0, 0], np.uint8), (80, 80, 3)))
    assert large.startswith("data:image/jpeg;base64,")
    photo = np.asarray(Image.open(io.BytesIO(base64.b64decode(large.partition(",")[2]))))
    assert np.abs(photo.astype(int) - (250, 0, 0)).max() < 10


def test_a_browser_gets_what_it_shows_whatever_the_files_format_is(png: Callable[..., bytes]) -> None:
    for size, side, kind, shape in (((30, 20), 90, "PNG", (30, 20)), ((900, 600), 450, "JPEG", (450, 300))):
        tiff = io.BytesIO()
        Image.open(io.BytesIO(png(0, size))).save(tiff, "TIFF")
        data, media = for_browser(tiff.getvalue(), side)
        shown = Image.open(io.BytesIO(data))
        assert (shown.format, media, shown.size) == (kind, f"image/{kind.lower()}", shape)
