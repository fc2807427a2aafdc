"""evergreen.images.backgrounds.scenes: of any size, by what is drawn alone, and none like another."""

from collections.abc import Callable

import numpy as np
import pytest
from screens import busy

from evergreen.images.backgrounds import scenes

Draw = Callable[[int, int, np.random.Generator], np.ndarray]


def _of_a_picture(height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    return scenes.part_of(busy(40, 70), height, width, drawn)


def _of_a_corner(height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    return scenes.surroundings_of(busy(height, width), height, width, drawn)


SKIN = np.array([205.0, 160, 125])


def _leaves(height: int, width: int, drawn: np.random.Generator) -> np.ndarray:
    return scenes.leaves(height, width, drawn, SKIN)


ALL = [scenes.plain, scenes.spots, _leaves, _of_a_picture, _of_a_corner]


@pytest.mark.parametrize("draw", ALL)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (28, 28), (100, 150), (224, 224), (5, 200)])
def test_any_size_and_the_same_again(draw: Draw, size: tuple[int, int]) -> None:
    scene = draw(*size, np.random.default_rng(3))
    assert (scene.shape, scene.dtype) == ((*size, 3), np.uint8)
    assert (scene == draw(*size, np.random.default_rng(3))).all()


@pytest.mark.parametrize("draw", ALL)
def test_no_two_are_alike(draw: Draw) -> None:
    some = {draw(20, 30, np.random.default_rng(seed)).tobytes() for seed in range(30)}
    assert len(some) >= (20 if draw is _of_a_corner else 30)  # a picture has four corners


def test_how_many_colours_each_has() -> None:
    drawn = np.random.default_rng(0)
    colours = {draw.__name__: len(np.unique(draw(64, 64, drawn).reshape(-1, 3), axis=0)) for draw in ALL[:3]}
    assert colours["plain"] == 1
    assert min(colours["spots"], colours["_leaves"]) > 500


def test_leaves_have_edges_and_spots_have_none() -> None:
    def step(scene: np.ndarray) -> float:
        return float(np.abs(np.diff(scene.astype(float), axis=1)).max())

    seeds = range(20)
    sharp = np.median([step(_leaves(100, 150, np.random.default_rng(seed))) for seed in seeds])
    soft = np.median([step(scenes.spots(100, 150, np.random.default_rng(seed))) for seed in seeds])
    assert sharp > 1.5 * soft


def test_a_part_of_a_picture_keeps_its_shapes_and_comes_from_all_over_it() -> None:
    across = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (100, 200, 3))
    means, slopes = [], []
    for seed in range(60):
        part = scenes.part_of(across, 50, 50, np.random.default_rng(seed)).astype(float)[:, :, 0]
        means.append(part.mean())
        slopes.append(np.diff(part, axis=1).mean())
    assert min(means) < 60
    assert max(means) > 140
    assert 0.3 < np.mean(np.array(slopes) > 0) < 0.7, "half are mirror images"
    assert min(np.abs(slopes)) > 0.65
    assert max(np.abs(slopes)) < 2.1, "from 35 to 100 % of the largest square of 100 pixels, for 50"


def test_surroundings_are_a_corner_alone() -> None:
    picture = np.full((100, 100, 3), 250, np.uint8)
    picture[46:54, 46:54] = 0  # the object, which no corner of 45 % reaches
    for seed in range(40):
        assert (scenes.surroundings_of(picture, 100, 100, np.random.default_rng(seed)) == 250).all()


def test_half_of_the_leaves_have_about_the_objects_colour() -> None:
    near = [np.abs(_leaves(40, 60, np.random.default_rng(seed)).mean(axis=(0, 1)) - SKIN).max() for seed in range(200)]
    far = [
        np.abs(scenes.leaves(40, 60, np.random.default_rng(seed), 255 - SKIN).mean(axis=(0, 1)) - SKIN).max()
        for seed in range(200)
    ]
    assert np.mean(np.array(near) < 50) > 0.2
    assert np.mean(np.array(far) < 50) < 0.1
