"""evergreen.vision.explaining.scale: maps lie on the picture where the network saw what they are of."""

import numpy as np
import pytest

from evergreen.images.pixels import resize
from evergreen.sections.data import Image
from evergreen.vision.explaining.scale import on_picture, to_size


def test_a_map_is_brought_to_its_highest_value_and_none_stays_none() -> None:
    raw = np.zeros((3, 2, 3))
    raw[0, 1, 2], raw[1] = 8, 0.001
    heat = to_size(raw, 20, 30, least=0.01)
    assert heat.dtype == np.float32
    assert heat.shape == (3, 20, 30)
    assert heat[0].max() == heat[0, -1, -1] == 1
    assert heat[0, 0, 0] == 0
    assert heat[1] == pytest.approx(0.1)
    assert not heat[2].any()


@pytest.mark.parametrize("rule", ["squash", "crop", "pad"])
@pytest.mark.parametrize("size", [(60, 200), (200, 60), (90, 90), (10, 25)])
def test_heat_on_a_spot_of_what_the_network_saw_lies_on_that_spot_of_the_picture(
    rule: str, size: tuple[int, int]
) -> None:
    height, width = size
    picture = np.zeros((height, width, 3), np.uint8)
    row, column = int(height * 0.4), int(width * 0.55)
    tall, wide = max(2, height // 8), max(2, width // 16)
    picture[row : row + tall, column : column + wide] = 255
    image = Image(height=48, width=64, resize=rule, interpolation="area")
    seen = resize(picture, image)[:, :, 0].astype(np.float32) / 255
    assert seen.any()
    laid = on_picture(seen, height, width, image)
    assert laid.shape == size
    rows, columns = np.indices(size)
    assert (laid * rows).sum() / laid.sum() == pytest.approx(row + (tall - 1) / 2, abs=max(1, 0.04 * height))
    assert (laid * columns).sum() / laid.sum() == pytest.approx(column + (wide - 1) / 2, abs=max(1, 0.04 * width))


def test_what_a_crop_cut_off_is_cold_and_what_was_seen_is_warm_to_the_edge() -> None:
    everywhere = np.ones((40, 40), np.float32)
    crop = on_picture(everywhere, 40, 120, Image(height=40, width=40, resize="crop"))
    assert not crop[:, :39].any()
    assert not crop[:, 81:].any()
    assert (crop[:, 41:79] == 1).all()
    for rule in ("squash", "pad"):
        assert (on_picture(everywhere, 40, 120, Image(height=40, width=40, resize=rule)) == 1).all()
    assert on_picture(everywhere, 1, 400, Image(height=40, width=40, resize="crop")).shape == (1, 400)
