"""Convolutions while a model trains: frozen batch norms folded into them, and faster gradients of wide kernels."""

from collections import Counter
from collections.abc import Iterable
from types import MethodType
from typing import Any

_COLUMNS = 3  # of the depthwise kernels that oneDNN has a gradient of its own for


def restore(layers: Iterable[Any]) -> None:
    """Take back what was folded into convolutions, as an earlier phase had it.

    A depthwise convolution whose kernel is wider than 3 columns has another gradient from now on, which is the same
    mathematics: see ``_by_columns``.

    Args:
        layers: of a model that is not saved; weights, names and configurations stay as they are.
    """
    for layer in layers:
        if _is_convolution(layer):
            layer.call = MethodType(_call if _is_wide(layer) else type(layer).call, layer)


def before(layers: list[Any]) -> dict[int, Any]:
    """Return, by a layer's id, the convolution that it alone takes its input from.

    Args:
        layers: all of a functional ``keras.Model``, those of models inside it too.
    """
    import keras

    readers = Counter(id(tensor) for layer in layers for tensor in keras.tree.flatten(layer.input))
    made = {id(layer.output): layer for layer in layers if _takes_a_norm(layer) and readers[id(layer.output)] == 1}
    found = {id(layer): made.get(id(layer.input)) for layer in layers if not isinstance(layer.input, list)}
    return {layer: convolution for layer, convolution in found.items() if convolution is not None}


def fold(convolution: Any, norm: Any) -> None:
    """Have a convolution normalize what it gives as the batch norm behind it would, by its moving averages.

    The kernel times ``gamma / sqrt(variance + epsilon)`` of its channel gives the same numbers, without passes over
    what the convolution gives (Jacob et al. 2018, arXiv:1712.05877, section 3.2); the gradient goes through to the
    kernel, since all are operations on it.

    Args:
        convolution: of those that ``before`` returns.
        norm: the ``BatchNormalization`` behind it, frozen; what it gives has to be its input from now on.
    """

    def call(layer: Any, inputs: Any) -> Any:
        import tensorflow as tf

        factor = tf.math.rsqrt(norm.moving_variance.value + norm.epsilon)
        factor = factor * norm.gamma.value if norm.scale else factor
        offset = norm.beta.value - norm.moving_mean.value * factor
        return tf.nn.bias_add(_convolved(layer, inputs, factor), offset)

    convolution.call = MethodType(call, convolution)


def _convolved(layer: Any, inputs: Any, factor: Any) -> Any:
    """Return what a convolution gives, with its kernel times a factor for each channel of its output, (C,)."""
    import tensorflow as tf

    if not _is_depthwise(layer):
        return tf.nn.conv2d(inputs, layer.kernel.value * factor, layer.strides, layer.padding.upper())
    kernel = layer.kernel.value * factor[:, None]
    return (_by_columns if _is_wide(layer) else _depthwise)(inputs, kernel, layer.strides, layer.padding)


def _call(layer: Any, inputs: Any) -> Any:
    import tensorflow as tf

    outputs = _by_columns(inputs, layer.kernel.value, layer.strides, layer.padding)
    return layer.activation(tf.nn.bias_add(outputs, layer.bias.value) if layer.use_bias else outputs)


def _depthwise(inputs: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    import tensorflow as tf

    return tf.nn.depthwise_conv2d(inputs, kernel, (1, *strides, 1), padding.upper())


def _by_columns(inputs: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    """Return a depthwise convolution whose kernel's gradient is computed three columns at a time.

    oneDNN has a gradient for depthwise kernels of three columns; for wider ones TensorFlow gets its grouped
    convolution, which computes 16 channels by 16. Columns j to j + 2 of a kernel meet the input from its column j on,
    so their gradient is that of a kernel of three columns. Measured on two cores with AVX512: 5x5 kernels on 14x14x672,
    32 images: 15 in place of 42 milliseconds.
    """
    import tensorflow as tf

    rows, columns, channels, _ = kernel.shape
    options = {"strides": (1, *strides, 1), "padding": padding.upper()}

    def convolve(inputs: Any, kernel: Any) -> Any:
        def gradient(upstream: Any) -> tuple[Any, Any]:
            of_inputs = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(inputs), filter=kernel, out_backprop=upstream, **options
            )
            height, width = (
                (out - 1) * stride + size
                for out, stride, size in zip(upstream.shape[1:3], strides, (rows, columns), strict=True)
            )
            padded = tf.pad(inputs, _borders(inputs.shape[1:3], (height, width), same=padding == "same"))
            parts: list[Any] = []
            done = 0
            for first in [*range(0, columns - _COLUMNS, _COLUMNS), columns - _COLUMNS]:
                part = tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
                    input=padded[:, :height, first : first + width - columns + _COLUMNS],
                    filter_sizes=(rows, _COLUMNS, channels, 1),
                    out_backprop=upstream,
                    strides=options["strides"],
                    padding="VALID",
                )
                parts.append(part[:, done - first :])
                done = first + _COLUMNS
            return of_inputs, tf.concat(parts, axis=1)

        return _depthwise(inputs, kernel, strides, padding), gradient

    # Read here: of a variable that several devices have, it would be read inside, where no gradient is given for it.
    return tf.custom_gradient(convolve)(inputs, tf.convert_to_tensor(kernel))


def _borders(have: Any, need: tuple[int, int], *, same: bool) -> list[tuple[int, int]]:
    """Return how many pixels to add before and after, for each axis of (N, H, W, C): TensorFlow's rule for SAME."""
    missing = [max(0, wanted - found) if same else 0 for found, wanted in zip(have, need, strict=True)]
    return [(0, 0), *((pixels // 2, pixels - pixels // 2) for pixels in missing), (0, 0)]


def _is_convolution(layer: Any) -> bool:
    import keras

    return type(layer) in (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)


def _is_depthwise(layer: Any) -> bool:
    import keras

    return isinstance(layer, keras.layers.DepthwiseConv2D)


def _takes_a_norm(layer: Any) -> bool:
    """Whether a batch norm behind a layer can be folded into it."""
    return _is_convolution(layer) and not layer.use_bias and _is_linear(layer) and _is_simple(layer)


def _is_wide(layer: Any) -> bool:
    return _is_depthwise(layer) and layer.kernel_size[1] > _COLUMNS and _is_simple(layer)


def _is_linear(layer: Any) -> bool:
    import keras

    return layer.activation is keras.activations.linear


def _is_simple(layer: Any) -> bool:
    """Whether a convolution is one of those whose operations are written here; TensorFlow has no unequal strides."""
    single = getattr(layer, "groups", 1) == 1 and getattr(layer, "depth_multiplier", 1) == 1
    plain = layer.data_format == "channels_last" and set(layer.dilation_rate) == {1} and len(set(layer.strides)) == 1
    return bool(single and plain and layer.padding in ("same", "valid") and layer.compute_dtype == "float32")
