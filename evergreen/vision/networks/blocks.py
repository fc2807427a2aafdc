"""The blocks of a plain CNN, general enough for those of airbench94 and ResNet-9.

airbench94: KellerJordan/cifar10-airbench, ``legacy/airbench94.py``, and Jordan 2024, arXiv:2404.00498. ResNet-9: Page,
"How to train your ResNet", myrtle.ai.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from evergreen.sections.network import Block


def block(features: Any, settings: "Block", name: str) -> Any:
    """Add a block to feature maps (N, H, W, C): ``settings.filters`` channels, half as high and wide where it pools."""
    from keras import layers

    features = _convolved(features, settings, name, 1)
    branch = features
    for number in range(2, settings.convolutions + 1):
        branch = _convolved(branch, settings, name, number)
    if settings.residual:
        branch = layers.Add(name=f"{name}_add")([features, branch])
    if settings.pool_position == "end":
        branch = _pooled(branch, settings, name)
    return layers.Dropout(settings.dropout, name=f"{name}_dropout")(branch) if settings.dropout else branch


def activation_of(name: str) -> Any:
    """Return what makes a layer of an activation, given the layer's name."""
    from keras import layers

    known = {"relu": layers.ReLU, "leaky_relu": layers.LeakyReLU}
    return known.get(name) or partial(layers.Activation, name)


def _convolved(features: Any, settings: "Block", name: str, number: int) -> Any:
    """Add a convolution of a block, the pooling where it stands there, its batch norm and its activation."""
    from keras import layers

    passes_on = settings.initialization == "identity"
    convolution = layers.Conv2D(
        settings.filters,
        settings.kernel,
        padding=settings.padding,
        use_bias=not settings.batch_norm,
        kernel_initializer=_as_pytorch() if passes_on else "glorot_uniform",
        name=f"{name}_conv{number}",
    )
    features = convolution(features)
    if passes_on:
        _pass_on(convolution)
    convolution.kernel.trainable = not settings.whiten
    if number == 1 and settings.pool_position == "first":
        features = _pooled(features, settings, name)
    if settings.batch_norm:
        norm = layers.BatchNormalization(
            scale=settings.batch_norm_scale, momentum=settings.batch_norm_momentum, name=f"{name}_norm{number}"
        )
        features = norm(features)
    return activation_of(settings.activation)(name=f"{name}_{settings.activation}{number}")(features)


def _as_pytorch() -> Any:
    """Return the initializer of PyTorch's convolutions: uniform, of a variance of 1/(3 x fan in)."""
    from keras import initializers

    return initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def _pass_on(convolution: Any) -> None:
    """Have the first filters of a built convolution pass on its channels, one each (``torch.nn.init.dirac_``)."""
    kernel = np.array(convolution.kernel)  # (height, width, channels, filters)
    height, width, channels, filters = kernel.shape
    some = np.arange(min(channels, filters))
    kernel[..., some] = 0
    kernel[height // 2, width // 2, some, some] = 1
    convolution.kernel.assign(kernel)


def _pooled(features: Any, settings: "Block", name: str) -> Any:
    from keras import layers

    if settings.pool == "none":
        return features
    pooling = layers.MaxPooling2D if settings.pool == "max" else layers.AveragePooling2D
    return pooling(2, name=f"{name}_pool")(features)
