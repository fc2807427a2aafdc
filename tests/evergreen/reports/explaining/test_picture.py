"""evergreen.reports.explaining.picture: whatever the picture's shape and the file's name are, there is one file."""

import io

import numpy as np
import pytest
from PIL import Image

from evergreen.reports.explaining import picture
from evergreen.reports.explaining.picture import beside


@pytest.mark.parametrize("size", [(8, 8), (480, 320), (1, 480), (480, 1)])
def test_any_shape_is_drawn_with_equal_bytes(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 120, np.uint8)
    heat = np.zeros(size, np.float32)
    heat[: size[0] // 2 + 1] = 1
    drawn = beside(pixels, heat, "cat 90 %. a.png", "grad-cam")
    with Image.open(io.BytesIO(drawn)) as image:
        assert image.width > 700
        assert image.height < 1000
    assert beside(pixels, heat, "cat 90 %. a.png", "grad-cam") == drawn


def test_the_right_half_is_hot_where_the_map_is() -> None:
    heat = np.zeros((100, 100), np.float32)
    heat[50:] = 1
    data = beside(np.zeros((100, 100, 3), np.uint8), heat, "cat", "occlusion")
    drawn = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    yellow = (drawn[..., 0] - drawn[..., 2]) > 60
    rows, columns = np.nonzero(yellow)
    assert columns.min() > drawn.shape[1] / 2 - 5
    assert rows.min() > drawn.shape[0] * 0.4


@pytest.mark.parametrize("method", ["grad-cam", "occlusion"])
def test_hostile_and_long_names_are_text_and_a_cold_map_says_so(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    real = picture.figure_of

    def noted(*arguments: object, **options: object) -> object:
        figure, axes = real(*arguments, **options)
        title = figure.suptitle
        figure.suptitle = lambda text, **more: (said.append(text), title(text, **more))[1]
        return figure, axes

    monkeypatch.setattr(picture, "figure_of", noted)
    pixels = np.zeros((40, 50, 3), np.uint8)
    assert beside(pixels, np.zeros((40, 50), np.float32), "$\\frac{ <script>|\x1b[31m " + "x" * 900, method)
    assert "\x1b" not in said[0]
    assert said[0].count("\n") <= 5
    assert "no place" in said[0]
    assert "A hint, no proof." in said[0]
