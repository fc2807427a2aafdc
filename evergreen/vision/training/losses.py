"""What a training's loss is beyond cross-entropy. Validation is judged by cross-entropy over plain labels, always."""

from __future__ import annotations

from types import MethodType
from typing import Any

import numpy as np

# Below it a float32's logarithm has no gradient; Keras' own bound of 1e-7 would leave the hardest images without one.
_LEAST_PROBABILITY = 1e-30
_LEAST_REST = 1e-7  # of 1 - p: at 0 the derivative of its power is infinite


def smoothed(labels: np.ndarray, share: float) -> np.ndarray:
    """Return labels of which a share goes to all classes alike (Szegedy et al. 2015, arXiv:1512.00567, section 7).

    Args:
        labels: (N, K) float32, each row a distribution.
        share: 0 to below 1; ``labels * (1 - share) + share / K``.
    """
    if not share:
        return labels
    return np.asarray(labels * (1 - share) + share / labels.shape[1], np.float32)


def softened(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Return what a softmax over ``logits / temperature`` gives, from what it gives over the logits.

    That is ``p ** (1 / temperature)``, normalised: a logit is the logarithm of its probability and what all share.

    Args:
        probabilities: (N, K) float32, 0 to 1.
        temperature: 1 or more.

    Returns:
        (N, K) float32, each row a distribution.
    """
    powers = np.asarray(probabilities, np.float64) ** (1 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def follow(model: Any, temperature: float, weight: float, gamma: float = 0) -> None:
    """Have a model learn from a teacher too, and be judged by the labels alone.

    In training ``y`` is (N, 2K): the labels, then the teacher's softened probabilities t. The loss of an image is
    ``(1 - weight) * loss(labels) - weight * temperature ** 2 * sum(t * log(q))``, where q is what the model answers,
    softened alike (Hinton et al. 2015, arXiv:1503.02531, section 2: the square keeps the gradient as large as it is
    without a temperature). Penalties on weights are added once. Metrics are of the labels.

    Args:
        model: a compiled ``keras.Model`` that ends with a softmax over K classes.
        temperature: 1 or more.
        weight: above 0, 1 at most.
        gamma: of the focal loss of the labels; 0 for cross-entropy.
    """
    import keras

    if gamma:
        focus(model, gamma)
    by_labels = model.compute_loss if gamma else MethodType(type(model).compute_loss, model)

    class Followed(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            ops = keras.ops
            scores = ops.log(ops.maximum(y_pred, _LEAST_PROBABILITY)) / temperature
            entropy = ops.sum(y_true * (scores - ops.logsumexp(scores, axis=-1, keepdims=True)), axis=-1)
            return -(temperature**2) * entropy

    followed = Followed()

    def compute_loss(
        self: Any, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        classes = y_pred.shape[-1]
        loss = by_labels(x, y[:, :classes], y_pred, sample_weight, training)
        if not training:
            return loss
        penalties = sum(_penalties(self))
        return (1 - weight) * loss + weight * (followed(y[:, classes:], y_pred, sample_weight) + penalties)

    def compute_metrics(self: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return type(self).compute_metrics(self, x, y[:, : y_pred.shape[-1]], y_pred, sample_weight)

    model.compute_loss = MethodType(compute_loss, model)
    model.compute_metrics = MethodType(compute_metrics, model)


def focus(model: Any, gamma: float) -> None:
    """Have a model learn by the focal loss, and be judged by the loss that it is compiled with.

    The focal loss of an image is ``-sum(y * (1 - p) ** gamma * log(p))`` (Lin et al. 2017, arXiv:1708.02002, without
    its alpha, which class weights are): images that are classified well count less. Penalties on weights are added.

    Args:
        model: a ``keras.Model`` that ends with softmax.
        gamma: above 0.
    """
    import keras

    class Focal(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            ops = keras.ops
            rest = ops.power(ops.maximum(1 - y_pred, _LEAST_REST), gamma)
            return -ops.sum(y_true * rest * ops.log(ops.maximum(y_pred, _LEAST_PROBABILITY)), axis=-1)

    focal = Focal()

    def compute_loss(
        self: Any, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        if not training:
            return type(self).compute_loss(self, x, y, y_pred, sample_weight, training)
        loss = focal(y, y_pred, sample_weight)
        for penalty in _penalties(self):
            loss = loss + penalty
        return loss

    model.compute_loss = MethodType(compute_loss, model)


def _penalties(model: Any) -> list[Any]:
    """Return a model's penalties on weights; of several devices, whose losses are added, each has its part of them."""
    import tensorflow as tf

    devices = tf.distribute.get_strategy().num_replicas_in_sync
    return [penalty / devices if devices > 1 else penalty for penalty in model.losses]
