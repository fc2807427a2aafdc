"""How bright and how sharp pictures are as the network sees them."""

from __future__ import annotations

import numpy as np

# The columns of what is known of an image beside the network's numbers, in their order.
LOOKS = ("brightness", "sharpness", "height", "width")


def looks_of(pixels: np.ndarray) -> np.ndarray:
    """Return brightness and sharpness of pictures at one size, (N, 2) float32.

    Brightness is the mean luma (ITU-R BT.601), 0-255; sharpness the variance of the Laplacian (Pech-Pacheco et al.
    2000), near 0 for a blurred picture. Both of the network's own input, so that pictures of any size compare.

    Args:
        pixels: (N, H, W, 3) uint8 RGB, 0-255.
    """
    import cv2

    found = np.empty((len(pixels), 2), np.float32)
    for at, picture in enumerate(pixels):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
        found[at] = cv2.mean(grey)[0], deviation[0, 0] ** 2
    return found
