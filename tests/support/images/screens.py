"""Objects before a green screen, drawn so that what is the object's and what the screen's is known."""

import cv2
import numpy as np

SCREEN, OBJECT = (30, 170, 60), (200, 120, 90)


def ball(height: int, width: int, *, thin: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture, (H, W, 3) uint8, and how much of each pixel is its ball or thin line, (H, W) 0-1."""
    fine = np.zeros((8 * height, 8 * width), np.uint8)
    if thin:
        cv2.line(fine, (width, height), (6 * width, 7 * height), 255, min(height, width) // 2)
    else:
        cv2.circle(fine, (4 * width, 4 * height), 2 * min(height, width), 255, -1)
    alpha = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(float)[:, :, None] / 255
    return (alpha * OBJECT + (1 - alpha) * SCREEN).round().astype(np.uint8), alpha[:, :, 0]


def busy(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Return a picture without a background to cut out, (H, W, 3) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
