"""One call of a model in a graph of its own, with its gradients, and what the graph is made of."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf


def graph_step(
    model: Any, images: np.ndarray, loss: Callable[[Any], Any], training: bool = True
) -> tuple[list[np.ndarray], list[str]]:
    """Return outputs and gradients, of the images and of what learns, and the types of the graph's operations."""

    @tf.function
    def run(images: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = model(images, training=training)
            total = tf.reduce_sum(loss(outputs))
        return outputs, *tape.gradient(total, [images, *model.trainable_variables])

    operations = run.get_concrete_function(tf.constant(images)).graph.get_operations()
    return [np.asarray(value) for value in run(tf.constant(images))], [node.type for node in operations]
