"""evergreen.judging.shortcuts: every change does what it says, and nothing else."""

import hashlib

import cv2
import numpy as np
import pytest

from evergreen.images.backgrounds.uniform import background
from evergreen.judging.shortcuts import SHORTCUTS, loss_under

NAMES = {shortcut.name: shortcut for shortcut in SHORTCUTS}
DIGEST = hashlib.sha256(b"one").hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


def _change(name: str, pixels: np.ndarray, digest: str = DIGEST) -> np.ndarray:
    changed = NAMES[name].change(pixels, digest)
    assert changed is not None
    return changed


@pytest.fixture
def scene() -> np.ndarray:
    """Noise of many colours: no background to cut out."""
    return np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


@pytest.mark.parametrize("name", list(NAMES))
def test_shape_type_and_repetition(name: str, screen: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, before = screen[0], screen[0].copy()
    changed = _change(name, pixels)
    assert (changed.shape, changed.dtype) == (pixels.shape, np.uint8)
    assert (changed == _change(name, pixels)).all()
    assert not (changed == pixels).all()
    assert (pixels == before).all()


def test_blur_softens_and_keeps_the_mean(scene: np.ndarray) -> None:
    blurred = _change("blur", scene).astype(float)
    assert blurred.std() < scene.std() / 2
    assert blurred.mean() == pytest.approx(scene.mean(), abs=2)


def test_noise_has_the_stated_deviation_and_goes_by_the_digest() -> None:
    grey = np.full((100, 100, 3), 128, np.uint8)
    noisy = _change("noise", grey).astype(float)
    assert noisy.std() == pytest.approx(20, abs=0.5)
    assert noisy.mean() == pytest.approx(127.5, abs=0.5)  # values are cut, not rounded
    assert not (noisy == _change("noise", grey, OTHER)).all()


def test_brightness_is_multiplied_and_cut_at_255(scene: np.ndarray) -> None:
    assert (_change("darker", scene) == np.rint(scene * 0.6)).mean() > 0.99  # OpenCV multiplies in float32
    assert np.abs(_change("brighter", scene) - np.minimum(scene * 1.4, 255)).max() <= 1


def test_jpeg_is_a_jpeg_of_the_right_colours(screen: tuple[np.ndarray, np.ndarray]) -> None:
    difference = np.abs(_change("jpeg", screen[0]).astype(int) - screen[0])
    assert 0 < difference.mean() < 6  # swapped channels would be 60 off


def test_grey_is_the_luminance_in_all_channels(scene: np.ndarray) -> None:
    grey = _change("grey", scene)
    assert (grey[..., 0] == grey[..., 1]).all()
    assert (grey[..., 0] == grey[..., 2]).all()
    assert np.abs(grey[..., 0] - scene @ [0.299, 0.587, 0.114]).max() <= 1


@pytest.mark.parametrize("name", ["plain background", "busy background"])
def test_only_the_background_is_replaced(name: str, screen: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, disc = screen
    changed = _change(name, pixels)
    core = cv2.erode(disc.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert (changed[core] == pixels[core]).all()
    green = np.abs(changed[~disc].astype(int) - pixels[~disc]).sum(axis=1) < 30
    assert green.mean() < 0.1
    colours = len(np.unique(changed[~disc], axis=0))
    assert colours == 1 if name == "plain background" else colours > 500
    assert not (changed == _change(name, pixels, OTHER)).all()


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8), id="noise"),
        pytest.param(np.full((64, 96, 3), 200, np.uint8), id="nothing but background"),
        pytest.param(np.repeat(np.arange(0, 240, 4, np.uint8)[:, None, None], 3, 2).repeat(60, 1), id="a gradient"),
    ],
)
def test_what_is_not_uniform_or_has_no_object_is_not_cut_out(pixels: np.ndarray) -> None:
    assert background(pixels) is None
    assert NAMES["plain background"].change(pixels, DIGEST) is None


def test_what_is_lost_and_what_it_leans_on() -> None:
    before = np.array([True] * 90 + [False] * 10)
    after = before.copy()
    after[:40] = False
    found = loss_under(NAMES["grey"], before, after)
    assert (found.before, found.accuracy) == (0.9, 0.5)
    assert found.lost == pytest.approx(0.4)
    assert found.lost_low == pytest.approx(0.4 - 1.96 * np.std([1] * 40 + [0] * 60, ddof=1) / 10, abs=1e-3)
    assert found.leans_on == "colour"
    after[:40] = True
    after[:6] = False
    assert loss_under(NAMES["grey"], before, after).leans_on == ""  # 6 points, which may be chance


def test_too_few_images_give_no_numbers() -> None:
    found = loss_under(NAMES["plain background"], np.ones(9, bool), np.zeros(9, bool))
    assert (found.count, found.accuracy, found.leans_on) == (9, None, "")
