"""A first convolution that whitens patches: fixed to their eigenvectors, as in airbench94.

Page, "How to train your ResNet 8", myrtle.ai; Jordan 2024, arXiv:2404.00498, section 3.2.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images.rows import Rows

if TYPE_CHECKING:
    from evergreen.sections.training import Train

PATCHES = 5_000
_EPSILON = 5e-4  # airbench94's, where pixels have a variance of 1


def whiten(model: Any, train: "Train", images: Rows, seed: int) -> None:
    """Fix the first convolution of a cnn whose first block says ``whiten``; other networks stay as they are.

    With the patches' mean m, and eigenvalues v and eigenvectors e of their covariance, the filters are e / sqrt(v +
    0.0005 x mean of v) and their negatives; the biases, which learn, begin at minus what they make of m. (airbench94
    has pixels of mean 0 and begins at PyTorch's random biases.)

    Args:
        model: as ``build`` returns it.
        train: as it was built by.
        images: the training images, (H, W, 3) uint8, 0-255.
        seed: decides which patches are taken.
    """
    if not train.cnn or not train.cnn[0].whiten:
        return
    convolution = next(layer for layer in model.layers if layer.name == "block1_conv1")
    patches = _patches(images, train.cnn[0].kernel, np.random.default_rng(seed)) / 127.5 - 1  # the network's scale
    mean = patches.mean(axis=0)
    values, vectors = np.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
    filters = vectors / np.sqrt(values + _EPSILON * max(values.mean(), 1e-6))
    filters = np.concatenate([filters, -filters], axis=1)
    convolution.kernel.assign(filters.reshape(convolution.kernel.shape))
    if convolution.use_bias:
        convolution.bias.assign(-mean @ filters)


def _patches(images: Rows, size: int, rng: np.random.Generator) -> np.ndarray:
    """Return (5,000, size x size x 3) float64, 0-255: patches from anywhere in images that are drawn."""
    chosen = np.sort(rng.choice(len(images), PATCHES, replace=len(images) < PATCHES))
    patches = np.empty((PATCHES, size * size * 3))
    for start in range(0, PATCHES, 500):
        some = images.gather(chosen[start : start + 500])
        top, left = (rng.integers(0, length - size + 1, len(some)) for length in some.shape[1:3])
        for index, image in enumerate(some):
            patch = image[top[index] : top[index] + size, left[index] : left[index] + size]
            patches[start + index] = patch.reshape(-1)
    return patches
