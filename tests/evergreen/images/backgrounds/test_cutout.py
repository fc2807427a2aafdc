"""evergreen.images.backgrounds.cutout: edges are as soft as they are, and none of the screen's colour stays on them."""

import numpy as np
import pytest
from screens import OBJECT, ball, busy

from evergreen.images.backgrounds.cutout import OPAQUE, cut_out, is_cut_out, over


@pytest.mark.parametrize("size", [(32, 32), (90, 120), (240, 240)])
@pytest.mark.parametrize("thin", [False, True])
def test_the_edge_is_as_soft_as_it_was_drawn(size: tuple[int, int], thin: bool) -> None:
    pixels, alpha = ball(*size, thin=thin)
    found = cut_out(pixels)
    assert (found.shape, found.dtype) == ((*size, 4), np.uint8)
    assert np.abs(found[..., 3] / OPAQUE - alpha).max() < (0.2 if thin else 0.1)  # no pixel may be all line


@pytest.mark.parametrize("scene", [(255, 0, 255), (0, 0, 0), (255, 255, 255)])
@pytest.mark.parametrize("thin", [False, True])
def test_before_another_colour_it_looks_as_if_it_had_been_drawn_there(scene: tuple[int, ...], thin: bool) -> None:
    pixels, alpha = ball(90, 120, thin=thin)
    drawn = alpha[:, :, None] * OBJECT + (1 - alpha[:, :, None]) * scene
    composed = over(cut_out(pixels), np.full_like(pixels, scene))
    assert np.abs(composed - drawn).max() < 16
    hard = np.where((alpha > 0)[:, :, None], pixels, scene)
    assert np.abs(hard - drawn).max() > 60, "a hard cut leaves the screen's colour on the rim: the test would see it"


def test_off_the_edge_the_object_keeps_every_pixel() -> None:
    pixels, alpha = ball(90, 120)
    found = cut_out(pixels)
    inside = alpha == 1
    assert (found[inside][:, :3] == pixels[inside]).mean() > 0.9
    assert (over(found, busy(90, 120))[inside] == pixels[inside]).mean() > 0.9


@pytest.mark.parametrize("pixels", [busy(64, 96), np.full((64, 96, 3), 90, np.uint8), busy(1, 1), busy(3, 200)])
def test_without_a_uniform_background_all_of_it_is_the_object(pixels: np.ndarray) -> None:
    found = cut_out(pixels)
    assert (found[..., :3] == pixels).all()
    assert (found[..., 3] == OPAQUE).all()
    assert not is_cut_out(found[None])[0]
    assert (over(found, np.zeros_like(pixels)) == pixels).all()


def test_which_were_cut_out_is_told_from_the_cutouts() -> None:
    some = [cut_out(ball(64, 96)[0]), cut_out(busy(64, 96)), cut_out(ball(64, 96, thin=True)[0])]
    assert is_cut_out(np.stack(some)).tolist() == [True, False, True]


def test_an_object_of_nearly_the_screens_colour_is_not_torn_apart() -> None:
    """Where both colours are one, nothing tells how much of a pixel is the object's: the edge stays hard."""
    _, alpha = ball(90, 120)
    close = np.where((alpha == 1)[:, :, None], (30, 170, 90), (30, 170, 60)).astype(np.uint8)
    found = cut_out(close)
    assert np.isin(found[..., 3], (0, OPAQUE)).mean() > 0.9
