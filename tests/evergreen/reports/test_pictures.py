"""evergreen.reports.pictures: they draw what is asked for, with equal bytes, whatever a file is called."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evergreen.reports import pictures

COUNTS = pd.DataFrame({"train": [9, 3], "test": [2, 0]}, index=["cat", "dog"])
SIZES = pd.DataFrame({"width": [10, 10, 400], "height": [20, 20, 300]})
TILES = [(np.full((5, 9, 3), 200, np.uint8), "$x_$ \\frac{")] * 7


@pytest.mark.parametrize(
    ("draw", "what"),
    [(pictures.class_distribution, COUNTS), (pictures.resolutions, SIZES), (pictures.gallery, TILES)],
)
def test_a_picture_has_equal_bytes_and_another_ground_where_that_is_dark(draw: Callable[..., bytes], what: Any) -> None:
    light = draw(what)
    assert light == draw(what)
    corners = [Image.open(io.BytesIO(data)).convert("RGB").getpixel((0, 0)) for data in (light, draw(what, dark=True))]
    assert corners == [(255, 255, 255), (0x1D, 0x23, 0x2A)]
    assert "Software" not in Image.open(io.BytesIO(light)).info


def test_a_gallery_grows_by_rows() -> None:
    heights = [Image.open(io.BytesIO(pictures.gallery(TILES[:count], columns=3))).height for count in (3, 4, 7)]
    assert heights[1] == 2 * heights[0]
    assert heights[2] == 3 * heights[0]
    pixels = TILES[0][0]
    lines = [(pixels, "one\ntwo"), (pixels, "one\ntwo\nthree\nfour")]
    low, high = (Image.open(io.BytesIO(pictures.gallery([one], columns=3))).height for one in lines)
    assert high > low  # so that a caption of many lines lies on no picture


def test_each_picture_of_a_gallery_lies_in_its_place_whole_and_as_high_as_wide_as_it_is() -> None:
    tiles = [(np.full((4, 2, 3), shade, np.uint8), "x") for shade in (10, 20, 30, 40, 50)]
    drawn = np.asarray(Image.open(io.BytesIO(pictures.gallery(tiles, columns=3))).convert("L"))
    for number, shade in enumerate((10, 20, 30, 40, 50)):
        rows, columns = np.nonzero(drawn == shade)
        assert (rows.mean() // (drawn.shape[0] / 2), columns.mean() // (drawn.shape[1] / 3)) == divmod(number, 3)
        assert np.ptp(rows) == pytest.approx(2 * np.ptp(columns), abs=3)
        assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
