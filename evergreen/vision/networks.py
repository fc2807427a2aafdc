"""Networks: raw 0-255 RGB in, float32 class probabilities out; preprocessing is part of the model."""

from functools import partial
from typing import TYPE_CHECKING, Any

from evergreen.errors import NotBuiltYet

if TYPE_CHECKING:
    from evergreen.sections.data import Image
    from evergreen.sections.training import Block, Head, Train


def build(train: "Train", image: "Image", classes: int) -> Any:
    """Return an uncompiled ``keras.Model``.

    Its input ``image`` is (N, H, W, 3) float32, RGB, 0-255; its output ``probabilities`` is (N, classes) float32.

    Raises:
        NotBuiltYet: the backbone is not built.
    """
    import keras
    from keras import layers

    if train.backbone != "cnn":
        raise NotBuiltYet(f"not built yet: train.backbone: {train.backbone}")
    inputs = keras.Input((image.height, image.width, 3), name="image")
    features = layers.Rescaling(1 / 127.5, offset=-1, name="preprocessing")(inputs)
    for number, block in enumerate(train.cnn, start=1):
        features = _block(features, block, f"block{number}")
    features = _head(features, train.head)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(features)
    return keras.Model(inputs, outputs, name="classifier")


def _block(features: Any, block: "Block", name: str) -> Any:
    from keras import layers

    for number in range(1, block.convolutions + 1):
        convolution = layers.Conv2D(
            block.filters, block.kernel, padding="same", use_bias=not block.batch_norm, name=f"{name}_conv{number}"
        )
        features = convolution(features)
        if block.batch_norm:
            features = layers.BatchNormalization(name=f"{name}_norm{number}")(features)
        features = layers.ReLU(name=f"{name}_relu{number}")(features)
    if block.pool != "none":
        pooling = layers.MaxPooling2D if block.pool == "max" else layers.AveragePooling2D
        features = pooling(2, name=f"{name}_pool")(features)
    return layers.Dropout(block.dropout, name=f"{name}_dropout")(features) if block.dropout else features


def _head(features: Any, head: "Head") -> Any:
    from keras import layers, regularizers

    pooling = {"average": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D, "flatten": layers.Flatten}
    features = pooling[head.pooling](name="pooling")(features)
    if head.dropout:
        features = layers.Dropout(head.dropout, name="pooling_dropout")(features)
    for number, dense in enumerate(head.dense, start=1):
        penalty = regularizers.L2(dense.l2) if dense.l2 else None
        features = layers.Dense(dense.units, kernel_regularizer=penalty, name=f"dense{number}")(features)
        activation = (
            layers.LeakyReLU if dense.activation == "leaky_relu" else partial(layers.Activation, dense.activation)
        )
        features = activation(name=f"dense{number}_activation")(features)
        if dense.dropout:
            features = layers.Dropout(dense.dropout, name=f"dense{number}_dropout")(features)
    return features
