"""evergreen.reports.explaining.overlay: hot is bright yellow, cold dark blue, for every eye, and the picture stays."""

import base64

import cv2
import numpy as np

from evergreen.images.thumbnails import grey_png
from evergreen.reports.explaining.overlay import SCALE, enlarged, from_png, overlay, webp


def _lightness(colours: np.ndarray) -> np.ndarray:
    lab: np.ndarray = cv2.cvtColor(np.ascontiguousarray(colours, np.float32)[None] / 255, cv2.COLOR_RGB2LAB)
    return lab[0, :, 0]


def test_colours_get_lighter_with_the_heat_on_pictures_of_any_lightness() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    for grey in (0, 127, 255):
        laid = overlay(np.full((1, 256, 3), grey, np.uint8), ramp)[0]
        assert (np.diff(_lightness(laid)[::8]) > 0).all()
        hot, cold = laid[-1].astype(int), laid[0].astype(int)
        assert hot[0] > hot[2] + 60  # yellow
        assert cold[2] > cold[0] + 20  # blue


def test_the_scale_of_the_page_is_that_of_the_maps() -> None:
    shown = cv2.applyColorMap(np.array([[0, 64, 128, 191, 255]], np.uint8), cv2.COLORMAP_CIVIDIS)[0, :, ::-1]
    named = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in SCALE])
    assert np.abs(shown.astype(int) - named).max() <= 12


def test_shapes_of_the_picture_stay_and_its_size_does() -> None:
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[:, 20:] = 255
    laid = overlay(picture, np.full((3, 4), 128, np.uint8))
    assert laid.shape == picture.shape
    assert (laid[:, 20:].mean() - laid[:, :20].mean()) > 60


def test_tiny_pictures_become_squares_and_no_others() -> None:
    tiny = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
    large = enlarged(tiny)
    assert large.shape == (88, 99, 3)
    assert np.array_equal(large[::11, ::11], tiny)
    assert enlarged(large) is large


def test_maps_and_pictures_travel_as_files() -> None:
    values = np.arange(60, dtype=np.uint8).reshape(6, 10)
    assert np.array_equal(from_png(grey_png(values)), values)
    red = np.full((20, 20, 3), (200, 10, 10), np.uint8)
    kind, data = webp(red).split(";base64,")
    assert kind == "data:image/webp"
    back = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.abs(back.astype(int) - red).max() < 12
