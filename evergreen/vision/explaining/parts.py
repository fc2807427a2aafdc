"""Where a network's last feature map is: what comes before it, and the few layers behind it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Parts:
    """A network, cut behind its last feature map.

    Attributes:
        trunk: from raw images, (N, H, W, 3) in 0-255, to the last feature map, (N, h, w, C).
        behind: the layers from there to the probabilities, each of which takes what the one before it gives.
    """

    trunk: Any
    behind: tuple[Any, ...]

    def logits(self, features: Any) -> Any:
        """Return what goes into the softmax, (N, K) float32, for feature maps (N, h, w, C)."""
        import keras

        *layers, last = self.behind
        for layer in layers:
            features = layer(features, training=False)
        if isinstance(last, keras.layers.Softmax):
            return features
        products = keras.ops.matmul(keras.ops.cast(features, "float32"), last.kernel)
        return products + last.bias if last.use_bias else products


def parts_of(model: Any) -> Parts | None:
    """Cut a network behind its last feature map; None if it has none that is larger than one pixel.

    That is the output of the last layer that gives one value a place and channel, dropout and poolings that end a
    block left aside: Selvaraju et al. 2017 take the last convolution's map as it comes out of its activation.

    Args:
        model: a functional ``keras.Model`` of raw images, as ``networks.build`` returns it.
    """
    import keras
    from keras import layers

    passes = (layers.Dropout, layers.MaxPooling2D, layers.AveragePooling2D)
    at = len(model.layers) - 1
    while at > 0 and (len(model.layers[at].output.shape) != 4 or isinstance(model.layers[at], passes)):
        at -= 1
    behind = tuple(model.layers[at + 1 :])
    if at == 0 or not behind or not _is_softmax(behind[-1]):
        return None
    if any(after.input is not before.output for before, after in pairwise(behind)):
        return None
    last = behind[0].input  # a backbone's own output is another tensor
    if last.shape[1] == last.shape[2] == 1:
        return None
    return Parts(keras.Model(model.inputs, last, name="up_to_last_map"), behind)


def _is_softmax(layer: Any) -> bool:
    """Whether a layer ends in a softmax whose input can be told."""
    from keras import layers
    from keras.activations import softmax

    return isinstance(layer, layers.Softmax) or (isinstance(layer, layers.Dense) and layer.activation is softmax)
