"""Several devices train one network: each has a copy of its variables, and learns from its part of every batch.

What a step learns is what one device would learn from the whole batch, but for the last digits: the gradients of the
parts are added, in the order of the devices, as if the batch had been one, and one optimizer changes every copy. So
class weights, mixed images, averages of weights, loss scales and checkpoints are those of one device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

from evergreen.errors import DevicesMissing
from evergreen.vision.networks import runtime
from evergreen.vision.training.devices import too_few

# What Keras' optimizers do device by device, each inside its strategy; one that stands outside does it as everywhere.
_BY_DEVICE = ("_apply_weight_decay", "_backend_update_step", "_overwrite_model_variables_with_average_value")


def built(devices: int, build: Callable[[], Any]) -> Any:
    """Return what builds a model, its variables on so many devices.

    Args:
        devices: how many; 1 builds it as it is.
        build: returns a functional ``keras.Model`` of one input and one output.

    Raises:
        DevicesMissing: TensorFlow has fewer.
    """
    if devices == 1:
        return build()
    import keras

    with _strategy(devices).scope():
        model = build()
    # Anew, outside: Keras' own fit under a strategy divides by what a part holds, so uneven parts would weigh too much.
    return keras.Model(model.input, model.output, name=model.name)


def spread(learner: Any) -> None:
    """Have a compiled model, whose variables several devices have, learn and judge on all of them.

    Another model stays as it is. A batch is divided as evenly as it goes; one of fewer images than there are devices is
    whole on each. What is drawn in a step, each device draws for itself; batch norms are ``batch_norm.fuse``'s.

    Args:
        learner: of one input, one output, and an optimizer that was made outside of a strategy.
    """
    strategy = runtime.strategy_of(learner.weights[0])
    if strategy is None:
        return
    import keras
    import tensorflow as tf

    learner.jit_compile = False  # a compiled graph is one device's
    _update_every_copy(learner.optimizer)

    def unpacked(data: Any) -> tuple[Any, Any, Any]:
        rows, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
        return rows, labels, tf.ones(tf.shape(rows)[:1]) if weights is None else weights

    def joined(parts: Any, rows: Any) -> Any:
        return tf.concat(strategy.experimental_local_results(parts), axis=0)[: tf.shape(rows)[0]]

    def added(parts: Any) -> Any:
        values = strategy.experimental_local_results(parts)
        if values[0] is None:  # of a weight that nothing depends on
            return None
        with tf.device(strategy.extended.worker_devices[0]):
            return sum(values[1:], values[0])

    def train_step(self: Any, data: Any) -> Any:
        rows, labels, weights = unpacked(data)

        def learn() -> tuple[Any, Any, Any]:
            part, truth, own, share = _part(rows, labels, weights)
            with tf.GradientTape() as tape:
                answers = self(part, training=True)
                # Keras takes the mean over the part, and divides it by the devices.
                loss = self.compute_loss(part, truth, answers, own * share, training=True)
                scaled = self.optimizer.scale_loss(loss)
            return loss, answers, tape.gradient(scaled, [weight.value for weight in self.trainable_weights])

        loss, answers, gradients = strategy.run(learn)
        self._loss_tracker.update_state(added(loss), sample_weight=tf.shape(rows)[0])
        changes = [added(gradient) for gradient in gradients]
        self.optimizer.apply_gradients(zip(changes, self.trainable_weights, strict=True))
        return self.compute_metrics(rows, labels, joined(answers, rows), sample_weight=weights)

    def test_step(self: Any, data: Any) -> Any:
        rows, labels, weights = unpacked(data)
        answers = joined(strategy.run(lambda: self(_part(rows)[0], training=False)), rows)
        loss = self.compute_loss(rows, labels, answers, weights, training=False)
        self._loss_tracker.update_state(loss, sample_weight=tf.shape(rows)[0])
        return self.compute_metrics(rows, labels, answers, sample_weight=weights)

    learner.train_step, learner.test_step = MethodType(train_step, learner), MethodType(test_step, learner)


def _strategy(devices: int) -> Any:
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    there = gpus or tf.config.list_logical_devices("CPU")
    if len(there) < devices:
        raise DevicesMissing(too_few(devices, len(gpus)))
    # Sums are made on one device, in one order: they are the same each time.
    across = tf.distribute.ReductionToOneDevice()
    return tf.distribute.MirroredStrategy([device.name for device in there[:devices]], across)


def _part(*values: Any) -> Sequence[Any]:
    """Return, on a device, its rows of each value, and how much a row counts beside one of parts of equal size.

    Were the batch divided evenly the latter would be 1: of fewer rows each counts less in their mean.
    """
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    number, devices = context.replica_id_in_sync_group, context.num_replicas_in_sync
    with tf.device("CPU:0"):  # where batches are made: no device is sent what another one works on
        rows = tf.shape(values[0])[0]
        few = rows < devices
        first = tf.where(few, 0, rows * number // devices)
        last = tf.where(few, rows, rows * (number + 1) // devices)
        share = (last - first) * devices / tf.where(few, rows * devices, rows)
        return [*(value[first:last] for value in values), tf.cast(share, tf.float32)]


def _update_every_copy(optimizer: Any) -> None:
    """Have an optimizer that stands outside of a strategy change variables inside: an assignment reaches every copy.

    Keras would have each device assign to its own copy, by a context that only its strategy has.
    """
    from keras.src.backend.tensorflow.optimizer import TFOptimizer
    from keras.src.optimizers.base_optimizer import BaseOptimizer

    inner = getattr(optimizer, "inner_optimizer", optimizer)  # within the one that scales the loss
    for name in _BY_DEVICE:
        if getattr(type(inner), name) is getattr(TFOptimizer, name):
            setattr(inner, name, MethodType(getattr(BaseOptimizer, name), inner))
