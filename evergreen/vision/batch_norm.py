"""Batch norms: in TensorFlow's one kernel while they train, and measured anew for averaged weights."""

from collections.abc import Iterable
from types import MethodType
from typing import Any

_LEAST_EPSILON = 1.001e-5  # the kernel, which is cuDNN's elsewhere, takes no smaller one


def layers_of(model: Any) -> list[Any]:
    """Return every batch norm of a model, those inside its backbone too."""
    import keras

    return [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]


def fuse(model: Any) -> None:
    """Have the batch norms of a model that will be trained, and not saved, use ``FusedBatchNormV3``.

    Keras 3 makes a dozen passes over memory of it. The same mathematics: a batch's mean and biased variance normalize
    it (Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1), and both go into the moving averages by ``momentum``, as
    in Keras. Only layers over the channels of (N, H, W, C) float32 are changed. Frozen ones, and all of them outside
    training, go on as Keras does it.

    Args:
        model: a built ``keras.Model``; weights, names and configurations stay as they are.
    """
    for layer in layers_of(model):
        if _fits(layer):
            layer.call = MethodType(_call, layer)


def measure(model: Any, batches: Iterable[Any]) -> None:
    """Measure anew the moments by which a model's batch norms normalize outside training.

    Averaged weights need it: the moments that training saw belong to the weights that were averaged (Izmailov et al.
    2018, arXiv:1803.05407, section 3.2). Each moment becomes its mean over the batches.

    Args:
        model: a ``keras.Model``; batch norms that are frozen stay as they are.
        batches: of what the model is shown outside training.
    """
    norms = [layer for layer in layers_of(model) if layer.trainable]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    try:
        for number, batch in enumerate(batches):
            for norm in norms:
                norm.momentum = number / (number + 1)
            model(batch, training=True)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def _fits(layer: Any) -> bool:
    over_channels = layer.input_spec.ndim == 4 and layer.axis in (-1, 3)
    plain = layer.scale and layer.center and not layer.renorm and not layer.synchronized
    return bool(over_channels and plain and layer.compute_dtype == "float32" and layer.epsilon >= _LEAST_EPSILON)


def _call(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    if not (training and layer.trainable) or mask is not None:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    # The operation itself, since tf.nn has a function for version 1 alone. What else it returns is for its gradient.
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma.value,
        offset=layer.beta.value,
        mean=tf.constant([]),
        variance=tf.constant([]),
        epsilon=layer.epsilon,
        is_training=True,
    )
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
    biased = variance * (count - 1) / count  # the kernel gives Bessel's
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, biased)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    return outputs
