"""evergreen.images.views: what a model is shown beside an image, against airbench94's own formula in plain NumPy."""

import numpy as np
import pytest

from evergreen.images.rows import Rows
from evergreen.images.views import MIRRORED, Seen, View, shown, views_of
from evergreen.sections.release import Views

IMAGES = np.random.default_rng(3).integers(0, 256, (4, 6, 5, 3)).astype(np.uint8)


def _answer(images: np.ndarray) -> np.ndarray:
    """Return what some model says of images, (N, 2): its corner counts, so no two views look alike to it."""
    first = images[:, 0, 0, 0] / 255.0
    return np.stack([first, 1 - first], axis=1)


def _airbench(images: np.ndarray, pixels: int) -> np.ndarray:
    """Return the mean as airbench94's infer_mirror_translate weighs it, for one number of pixels."""

    def mirrored_too(some: np.ndarray) -> np.ndarray:
        return 0.5 * _answer(some) + 0.5 * _answer(some[:, :, ::-1])

    height, width = images.shape[1:3]
    around = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels), (0, 0)), "reflect")
    moved = [around[:, at : at + height, at : at + width] for at in (0, 2 * pixels)]
    return 0.5 * mirrored_too(images) + 0.5 * np.mean([mirrored_too(some) for some in moved], axis=0)


@pytest.mark.parametrize("pixels", [1, 2])
def test_the_mean_is_airbenchs(pixels: int) -> None:
    views = views_of(Views(mirror=True, shifts=pixels))
    assert len(views) == 6
    mean = sum(view.weight * _answer(shown(IMAGES, view)) for view in views)
    assert np.allclose(mean, _airbench(IMAGES, pixels))


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        (Views(), [View()]),
        (Views(mirror=True), [View(weight=0.5), View(mirrored=True, weight=0.5)]),
        (Views(shifts=3), [View(weight=0.5), View(shift=-3, weight=0.25), View(shift=3, weight=0.25)]),
    ],
)
def test_what_is_not_asked_for_is_not_shown(views: Views, expected: list[View]) -> None:
    assert views_of(views) == expected


def test_a_shift_moves_the_picture_down_and_to_the_right_and_reflects_at_the_edge() -> None:
    moved = shown(IMAGES, View(shift=1))
    assert np.array_equal(moved[:, 1:, 1:], IMAGES[:, :-1, :-1])
    assert np.array_equal(moved[:, 0, 1:], IMAGES[:, 1, :-1])  # row -1 is row 1 in a reflection
    back = shown(IMAGES, View(shift=-1))
    assert np.array_equal(back[:, :-1, :-1], IMAGES[:, 1:, 1:])
    assert shown(IMAGES, View(shift=64)).shape == IMAGES.shape  # more than the picture is wide


def test_rows_are_seen_as_the_view_shows_them() -> None:
    seen = Seen(Rows.of(IMAGES), np.array([3, 1]), MIRRORED)
    assert (len(seen), seen.shape, seen.dtype) == (2, (6, 5, 3), np.uint8)
    assert np.array_equal(np.concatenate(list(seen.blocks(1))), IMAGES[[3, 1]][:, :, ::-1])
