"""evergreen.drifting.looks: how bright and how sharp."""

import numpy as np
import pytest

from evergreen.drifting.looks import looks_of


def test_brightness_is_the_mean_and_sharpness_falls_with_blur() -> None:
    import cv2

    noisy = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    plain, sharp, blurred = looks_of(np.stack([np.full_like(noisy, 77), noisy, cv2.GaussianBlur(noisy, (0, 0), 2)]))
    assert plain.tolist() == [77, 0]
    assert sharp[0] == pytest.approx(blurred[0], abs=3)
    assert sharp[1] > 20 * blurred[1]
