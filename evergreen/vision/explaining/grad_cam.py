"""Grad-CAM: the places of a network's last feature map that raise the score of a class.

Selvaraju et al. 2017, arXiv:1610.02391. With A the last feature map, y the score of the class before the softmax, and
Z places in the map:

    alpha_k = 1/Z sum_ij dy/dA_ijk              heat_ij = max(0, sum_k alpha_k A_ijk)

The backbone is asked once and no gradient goes through it, so a map costs about as much as an answer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from evergreen.vision.explaining.parts import Parts
from evergreen.vision.explaining.scale import to_size

_BATCH = 64


def grad_cam(parts: Parts, images: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return a heat map for each image.

    Args:
        parts: of the network.
        images: (N, H, W, 3) uint8 RGB in 0-255, as the network takes them.
        classes: (N,) int, the class that each is asked about.

    Returns:
        (N, H, W) float32, 0-1: 1 where an image's heat is highest; all 0 where no place speaks for the class.
    """
    heat = np.empty(images.shape[:3], np.float32)
    whole = min(_BATCH, len(images))
    for start in range(0, len(images), _BATCH):
        block = images[start : start + _BATCH]
        # A graph, which lets go of each map in between once it is used; and always of as many images, else the graph
        # would be built anew for the last few.
        features = parts.trunk.predict_on_batch(np.resize(block, (whole, *block.shape[1:])))[: len(block)]
        raw = _weighed(parts, features, classes[start : start + len(block)])
        heat[start : start + len(block)] = to_size(np.maximum(raw, 0), *images.shape[1:3])
    return heat


def _weighed(parts: Parts, features: Any, classes: np.ndarray) -> np.ndarray:
    """Return the sum of the channels, each by its mean gradient: (N, h, w) float32, as high as it is for the score."""
    import tensorflow as tf

    features = tf.cast(features, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(features)
        scores = tf.gather(parts.logits(features), classes, axis=1, batch_dims=1)
    alphas = tf.reduce_mean(tape.gradient(scores, features), axis=(1, 2))
    weighed: np.ndarray = tf.einsum("nijk,nk->nij", features, alphas).numpy()
    return weighed
