"""Batch norms: one kernel or a convolution's part while a model trains, and measured anew for averaged weights."""

from collections.abc import Iterable, Iterator
from types import MethodType
from typing import Any

from evergreen.vision.networks import convolutions, runtime

_LEAST_EPSILON = 1.001e-5  # the kernel, which is cuDNN's elsewhere, takes no smaller one


def layers_of(model: Any) -> list[Any]:
    """Return every batch norm of a model, those inside its backbone too."""
    return [layer for layer in _layers(model) if _is_norm(layer)]


def fuse(model: Any) -> None:
    """Have the batch norms of a model that is not saved use ``FusedBatchNormV3``, as its layers are frozen now.

    Keras 3 makes a dozen passes over memory of it. The same mathematics: in training a batch's mean and biased variance
    normalize it (Ioffe and Szegedy 2015, arXiv:1502.03167, algorithm 1), and both go into the moving averages by
    ``momentum``, as in Keras; outside training, and where frozen, the moving averages normalize. Only layers over the
    channels of (N, H, W, C) float32 are changed. One that is frozen behind a layer that learns is folded into the
    convolution before it, so that its gradient is the kernel's; behind anything else it goes on as Keras does it in
    training: there the kernel's gradient was measured to cost more than the kernel saves. Depthwise convolutions of
    wide kernels get a faster gradient. One that learns in a model that several devices have takes its moments from the
    whole batch, over all of them.

    Args:
        model: a built ``keras.Model``; weights, names and configurations stay as they are. No other model may read
            what one of its convolutions gives before the norm.
    """
    layers = list(_layers(model))
    convolutions.restore(layers)
    sources = convolutions.before(layers)
    learns_before = False
    for layer in layers:
        learns_before = learns_before or bool(layer.trainable_weights)
        if _is_norm(layer) and layer.trainable and runtime.strategy_of(layer.moving_mean):
            layer.call = MethodType(_call_across, layer)
            continue
        if not _fits(layer):
            continue
        call, source = _call, sources.get(id(layer))
        if learns_before and not layer.trainable:
            call = _call_folded if source else _call_behind
            if source:
                convolutions.fold(source, layer)
        layer.call = MethodType(call, layer)


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


def _layers(model: Any) -> Iterator[Any]:
    """Yield a functional model's layers, those of models inside it too, each after the layers that it depends on."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        else:
            yield layer


def _is_norm(layer: Any) -> bool:
    import keras

    return isinstance(layer, keras.layers.BatchNormalization)


def _fits(layer: Any) -> bool:
    """Whether a layer is a batch norm that the kernel can do."""
    if not _is_norm(layer):
        return False
    over_channels = layer.input_spec.ndim == 4 and layer.axis in (-1, 3)
    plain = layer.center and not layer.renorm and not layer.synchronized
    return bool(over_channels and plain and layer.compute_dtype == "float32" and layer.epsilon >= _LEAST_EPSILON)


def _call_behind(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """Normalize in Keras' way while a gradient has to pass."""
    if training:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    return _call(layer, inputs, training, mask)


def _call_folded(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """Return what comes in, which is normalized."""
    return inputs


def _call(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    if mask is not None:
        return type(layer).call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    learns = bool(training and layer.trainable)
    # The operation itself, since tf.nn has a function for version 1 alone. What else it returns is for its gradient.
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma.value if layer.scale else tf.ones_like(layer.beta.value),
        offset=layer.beta.value,
        mean=tf.constant([]) if learns else layer.moving_mean.value,
        variance=tf.constant([]) if learns else layer.moving_variance.value,
        epsilon=layer.epsilon,
        is_training=learns,
    )
    if not learns:
        return outputs
    count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
    biased = variance * (count - 1) / count  # the kernel gives Bessel's
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, biased)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    return outputs


def _call_across(layer: Any, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
    """Normalize by the moments of a batch that several devices have a part of each.

    Sums and counts of all go into the mean, then the sums of squares around it into the variance, so parts of unequal
    size weigh as they should, and the gradient goes back through all of them.
    """
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if not (training and layer.trainable) or context is None or context.num_replicas_in_sync == 1:
        return (_call if _fits(layer) else type(layer).call)(layer, inputs, training=training, mask=mask)

    def over_all(values: Any) -> Any:
        return context.all_reduce(tf.distribute.ReduceOp.SUM, values)

    values = tf.cast(inputs, tf.float32)
    axes = list(range(len(inputs.shape) - 1))  # every network here has its channels last
    count, total = over_all([tf.cast(tf.reduce_prod(tf.shape(values)[:-1]), tf.float32), tf.reduce_sum(values, axes)])
    mean = total / count
    variance = over_all(tf.reduce_sum(tf.square(values - mean), axes)) / count
    for moving, now in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
        moving.assign(moving * layer.momentum + now * (1 - layer.momentum))
    offset = tf.cast(layer.beta.value, tf.float32) if layer.center else None
    scale = tf.cast(layer.gamma.value, tf.float32) if layer.scale else None
    outputs = tf.nn.batch_normalization(values, mean, variance, offset, scale, layer.epsilon)
    return tf.cast(outputs, layer.compute_dtype)
