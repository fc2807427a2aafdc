"""A picture with a background to cut out."""

import cv2
import numpy as np
import pytest


@pytest.fixture
def screen() -> tuple[np.ndarray, np.ndarray]:
    """A reddish disc before an unevenly lit green screen, and where the disc is."""
    light = np.linspace(0.85, 1.0, 120)[None, :, None]
    pixels = (np.array([30, 170, 60]) * light * np.ones((90, 1, 1))).astype(np.uint8)
    disc = cv2.circle(np.zeros((90, 120), np.uint8), (60, 45), 25, 1, -1).astype(bool)
    pixels[disc] = (200, 120, 90)
    return pixels, disc
