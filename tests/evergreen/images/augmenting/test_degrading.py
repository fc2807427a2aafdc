"""evergreen.images.augmenting.degrading: no colour, blur, noise and JPEG, each as much as said and by key alone."""

import numpy as np
import pytest
from augmented import KEYS, smooth_pictures

from evergreen.images.augment import Augmenter
from evergreen.images.augmenting.degrading import Degraded, degrade, draw
from evergreen.images.threads import Threads
from evergreen.judging.shortcuts import SHORTCUTS
from evergreen.sections.augment import Augment, Erasing

MANY = [number.to_bytes(32, "little") for number in range(4000)]
ALL = Augment(grey=0.3, blur=0.04, noise=30, jpeg=20)
AS_JUDGED = {one.name: one.change for one in SHORTCUTS}


def _only(**values: float) -> Degraded:
    named = {"grey": False, "blur": 0.0, "noise": 0.0, "jpeg": 0} | values
    return Degraded(**{name: np.full(len(KEYS), value) for name, value in named.items()})


def test_draws_fill_their_ranges_and_no_two_are_drawn_together() -> None:
    drawn = draw(MANY, ALL, 3, 0, 100, 200)
    assert drawn.grey.mean() == pytest.approx(0.3, abs=0.03)
    for values, high in ((drawn.blur, 4), (drawn.noise, 30)):  # a share of the shorter side
        assert (values == 0).mean() == pytest.approx(0.5, abs=0.03)
        counts, _ = np.histogram(values[values > 0], bins=8, range=(0, high))
        assert counts.sum() == (values > 0).sum()
        assert counts.min() > 200
    assert (drawn.jpeg == 0).mean() == pytest.approx(0.5, abs=0.03)
    assert np.unique(drawn.jpeg).tolist() == [0, *range(20, 101)]
    table = np.stack([drawn.grey.astype(float), drawn.blur, drawn.noise, drawn.jpeg])
    assert np.abs(np.corrcoef(table) - np.eye(4)).max() < 0.06
    assert np.unique(draw(MANY, Augment(jpeg=100), 3, 0, 9, 9).jpeg).tolist() == [0, 100]
    assert not draw(MANY, Augment(), 3, 0, 100, 200).any
    assert (draw(MANY, ALL, 3, 1, 100, 200).noise == drawn.noise).mean() < 0.3


def test_each_does_to_an_image_what_its_change_of_the_table_of_shortcuts_does() -> None:
    pictures, judged = smooth_pictures(height=64, width=64), "0" * 64
    with Threads(1) as threads:
        for name, drawn in (("grey", _only(grey=True)), ("blur", _only(blur=1.0)), ("jpeg", _only(jpeg=20))):
            found = degrade(pictures, drawn, KEYS, 1, 0, threads)
            assert (found == np.stack([AS_JUDGED[name](one, judged) for one in pictures])).all()  # type: ignore[arg-type]


def test_noise_has_its_deviation_and_no_mean() -> None:
    flat = np.full((len(KEYS), 40, 50, 3), 128, np.uint8)
    with Threads(1) as threads:
        found = degrade(flat, _only(noise=20.0), KEYS, 1, 0, threads).astype(float) - 128
    assert found.std() == pytest.approx(20, abs=0.3)
    assert found.mean() == pytest.approx(0, abs=0.3)
    of_channels = np.corrcoef(found.reshape(-1, 3).T)
    assert np.abs(of_channels - np.eye(3)).max() < 0.05  # every value has its own
    assert np.abs(np.corrcoef(found.reshape(len(KEYS), -1)) - np.eye(len(KEYS))).max() < 0.1  # and every image


def test_what_is_left_of_nothing_is_the_same_array() -> None:
    pictures = smooth_pictures()
    with Threads(1) as threads:
        assert degrade(pictures, _only(), KEYS, 1, 0, threads) is pictures


@pytest.mark.parametrize("side", [(1, 1), (8, 8), (28, 28), (33, 70)])
def test_small_pictures_too(side: tuple[int, int]) -> None:
    pictures = smooth_pictures(height=side[0], width=side[1])
    with Threads(2) as threads:
        made = Augmenter(Augment(grey=0.5, blur=0.25, noise=255, jpeg=1), 7)(pictures, KEYS, 0, threads)
    assert made.shape == pictures.shape
    assert made.dtype == np.uint8


def test_they_come_after_colours_and_before_erasing() -> None:
    grey = Augment(grey=1, hue=0.4, channel_shift=90, erasing=Erasing(probability=1, size=4, fill="constant"), noise=40)
    pictures = smooth_pictures()
    with Threads(1) as threads:
        made = Augmenter(grey.model_copy(update={"noise": 0.0, "erasing": None}), 7)(pictures, KEYS, 0, threads)
        erased = Augmenter(grey, 7)(pictures, KEYS, 0, threads)
    assert (made == made[..., :1]).all()  # no colour came afterwards
    assert ((erased == 0).all(axis=3).sum(axis=(1, 2)) >= 4).all()  # no noise in what is erased


def test_the_noise_of_an_image_stays_what_it_was() -> None:
    """Another NumPy, or another reading of a key, would change what a kept feature is of."""
    flat = np.full((1, 2, 2, 3), 128, np.uint8)
    drawn = Degraded(*(np.array([value]) for value in (False, 0.0, 20.0, 0)))
    with Threads(1) as threads:
        found = degrade(flat, drawn, KEYS[:1], 1, 0, threads)
    assert found.ravel().tolist() == [131, 131, 117, 132, 122, 114, 125, 118, 107, 127, 92, 132]
