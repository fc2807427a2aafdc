"""evergreen.images.augmenting.moves: copies of pixels, byte for byte those of NumPy's flips and reflecting pads."""

import numpy as np
from augmented import unchanged
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.images.augmenting.changes import apply
from evergreen.images.augmenting.moves import moved
from evergreen.images.threads import Threads


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_move_is_a_crop_of_the_reflected_picture(data: st.DataObject) -> None:
    count, height, width = (data.draw(st.integers(1, most)) for most in (300, 12, 12))
    most = data.draw(st.integers(0, 30))  # further than the picture is wide, too
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    images = rng.integers(0, 256, (count, height, width, 3), np.uint8)
    mirrored, upside_down = rng.random(count) < data.draw(st.sampled_from([0, 0.5])), rng.random(count) < 0.5
    x_move, y_move = rng.integers(-most, most + 1, (2, count))
    with Threads(2) as threads:
        ours = moved(images, mirrored, upside_down, x_move, y_move, threads)
    for index in range(count):
        flipped = images[index, :: -1 if upside_down[index] else 1, :: -1 if mirrored[index] else 1]
        padded = np.pad(flipped, ((most, most), (most, most), (0, 0)), mode="reflect")
        down, right = most - y_move[index], most - x_move[index]
        assert (ours[index] == padded[down : down + height, right : right + width]).all()


def test_a_warp_that_is_next_to_nothing_gives_what_a_copy_gives() -> None:
    """Images are warped if any of them is turned: the others must not be seen to be."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 17, 23, 3), np.uint8)
    changes = unchanged(40)
    changes.mirrored[:] = rng.random(40) < 0.5
    changes.upside_down[:] = rng.random(40) < 0.5
    changes.x_move[:], changes.y_move[:] = rng.integers(-3, 4, (2, 40))
    with Threads(1) as threads:
        copied = apply(images, changes, "nearest", threads)
        changes.rotation[39] = 30
        warped = apply(images, changes, "nearest", threads)
    assert (copied[:39] == warped[:39]).all()
    assert (copied[39] != warped[39]).any()


def test_what_stays_is_the_same_array() -> None:
    images = np.zeros((3, 8, 8, 3), np.uint8)
    no, zero = np.zeros(3, bool), np.zeros(3, np.int64)
    with Threads(1) as threads:
        assert moved(images, no, no, zero, zero, threads) is images
