"""evergreen.images.augmenting.draws: each draw a function of its purpose and key alone."""

import numpy as np

from evergreen.images.augmenting.draws import boxes, digests, purpose, uniform

KEYS = [number.to_bytes(32, "little") for number in range(3000)]


def test_numbers_are_even_and_each_rows_own() -> None:
    drawn = uniform(KEYS, purpose("a", 1, 2), 3)
    assert drawn.shape == (3000, 3)
    assert drawn.min() >= 0
    assert drawn.max() < 1
    assert np.abs(np.sort(drawn, axis=0) - np.linspace(0, 1, 3000)[:, None]).max() < 0.04  # Kolmogorov and Smirnov
    assert (uniform(KEYS[7:9], purpose("a", 1, 2), 3) == drawn[7:9]).all()
    for other in (purpose("b", 1, 2), purpose("a", 2, 2), purpose("a", 1, 3)):
        assert (uniform(KEYS, other, 3) != drawn).all()


def test_more_numbers_begin_with_the_fewer() -> None:
    assert (uniform(KEYS[:5], b"a", 9)[:, :4] == uniform(KEYS[:5], b"a", 4)).all()
    assert [long[:8] for long in digests(KEYS[:5], b"a", 99)] == digests(KEYS[:5], b"a", 8)


def test_boxes_are_cut_off_at_the_border() -> None:
    one = np.array([-2, 3, 9, 20])
    size = np.array([4, 4, 4, 4])
    assert boxes(one, one, size, size, (10, 12)).tolist() == [
        [0, 0, 2, 2],
        [3, 3, 7, 7],
        [9, 9, 10, 12],
        [10, 12, 10, 12],
    ]
