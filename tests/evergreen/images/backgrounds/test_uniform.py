"""evergreen.images.backgrounds.uniform: a green screen in uneven light is found, and nothing else is taken for one."""

import cv2
import numpy as np

from evergreen.images.backgrounds.uniform import background


def test_a_green_screen_is_cut_out_in_uneven_light(screen: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, disc = screen
    found = background(pixels)
    assert found is not None
    core = cv2.erode(disc.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert not found[core].any()
    assert found[~disc].all()


def test_something_like_the_background_inside_the_object_stays(screen: tuple[np.ndarray, np.ndarray]) -> None:
    pixels = screen[0].copy()
    pixels[43:48, 58:63] = pixels[0, 0]
    found = background(pixels)
    assert found is not None
    assert not found[45, 60]
