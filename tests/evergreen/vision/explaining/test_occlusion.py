"""evergreen.vision.explaining.occlusion: what is hidden costs the answer, whatever model answers."""

import numpy as np
import pytest
from known_places import Learned

from evergreen.vision.explaining.occlusion import GRID, occlusion


def _bright_corner(images: np.ndarray) -> np.ndarray:
    """Answer by the brightness of the upper left quarter of rows and columns."""
    height, width = images.shape[1:3]
    share = images[:, : height // 4, : width // 4].mean(axis=(1, 2, 3)) / 255
    return np.stack([share, 1 - share], axis=1)


@pytest.mark.parametrize("size", [(28, 28), (8, 8), (40, 65)])
def test_heat_is_where_hiding_costs_the_answer(size: tuple[int, int]) -> None:
    image = np.zeros((2, *size, 3), np.uint8)
    image[:, : size[0] // 4, : size[1] // 4] = 240
    asked: list[int] = []

    def ask(images: np.ndarray) -> np.ndarray:
        asked.append(len(images))
        return _bright_corner(images)

    before = image.copy()
    heat = occlusion(ask, image, np.array([0, 1]))
    assert asked == [GRID * GRID + 1] * 2
    assert np.array_equal(image, before)
    assert heat.dtype == np.float32
    assert heat.shape == (2, *size)
    assert heat[0].max() == heat[0, 0, 0] == 1
    assert not heat[0, size[0] // 2 :, size[1] // 2 :].any()
    assert not heat[1].any()  # hiding the corner only helps the other class


def test_an_answer_that_nothing_shakes_is_not_painted_as_if() -> None:
    image = np.full((1, 16, 16, 3), 200, np.uint8)
    image[0, :4, :4] = 0
    shaken = lambda by: lambda images: 0.9 - by * (images[:, :4, :4].mean(axis=(1, 2, 3)) > 100)[:, None]  # noqa: E731
    assert occlusion(shaken(0.001), image, np.array([0])).max() == pytest.approx(0.1, abs=1e-3)
    assert occlusion(shaken(0.2), image, np.array([0])).max() == 1


@pytest.mark.parametrize("shapes", ["average"], indirect=True)
def test_heat_of_any_callable_lies_on_the_object_that_decides(shapes: Learned) -> None:
    def ask(images: np.ndarray) -> np.ndarray:
        assert images.dtype == np.uint8
        return np.asarray(shapes.model.predict_on_batch(images))

    heat = occlusion(ask, shapes.images[:20], shapes.classes[:20])
    hottest = heat.reshape(20, -1).argmax(axis=1)
    assert shapes.boxes[:20].reshape(20, -1)[np.arange(20), hottest].mean() >= 0.9
