"""Networks: raw 0-255 RGB in, float32 class probabilities out; preprocessing is part of the model."""

from functools import partial
from typing import TYPE_CHECKING, Any

from evergreen.vision.networks import backbones

if TYPE_CHECKING:
    from evergreen.sections.data import Image
    from evergreen.sections.network import Block, Head, HeadConvolution
    from evergreen.sections.training import Train


def build(train: "Train", image: "Image", classes: int) -> Any:
    """Return an uncompiled ``keras.Model``.

    Its input ``image`` is (N, H, W, 3) float32, RGB, 0-255; its output ``probabilities`` is (N, classes) float32.

    Raises:
        WeightsUnavailable: the backbone's weights are not here.
    """
    import keras
    from keras import layers

    inputs = keras.Input((image.height, image.width, 3), name="image")
    if train.backbone == "cnn":
        features = backbones.preprocessed(inputs, "tf")
        for number, block in enumerate(train.cnn, start=1):
            features = _block(features, block, f"block{number}")
    else:
        features = backbones.features(train, inputs)
    features = _head(features, train.head)
    outputs = layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities")(features)
    return keras.Model(inputs, outputs, name="classifier")


def halves(model: Any) -> tuple[Any, Any]:
    """Return what stands before the head, and the head, as models that share the network's layers.

    The first takes raw images and ends with the backbone, or with a pooling right after it, which makes few numbers of
    many; the second takes what that gives.

    Args:
        model: as ``build`` returns it, with a backbone.
    """
    import keras

    names = [layer.name for layer in model.layers]
    last = names.index(backbones.NAME)
    if names[last + 1] == "pooling" and not isinstance(model.layers[last + 1], keras.layers.Flatten):
        last += 1
    head = model.layers[last + 1 :]
    before = keras.Model(model.inputs, head[0].input, name="before_head")
    inputs = outputs = keras.Input(head[0].input.shape[1:], name="features")
    for layer in head:
        outputs = layer(outputs)
    return before, keras.Model(inputs, outputs, name="head")


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

    for number, convolution in enumerate(head.convolutions, start=1):
        features = _convolution(features, convolution, f"head{number}")
    pooling = {"average": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D, "flatten": layers.Flatten}
    features = pooling[head.pooling](name="pooling")(features)
    if head.dropout:
        features = layers.Dropout(head.dropout, name="pooling_dropout")(features)
    for number, dense in enumerate(head.dense, start=1):
        penalty = regularizers.L2(dense.l2) if dense.l2 else None
        features = layers.Dense(dense.units, kernel_regularizer=penalty, name=f"dense{number}")(features)
        features = _activation(dense.activation)(name=f"dense{number}_activation")(features)
        if dense.dropout:
            features = layers.Dropout(dense.dropout, name=f"dense{number}_dropout")(features)
    return features


def _convolution(features: Any, convolution: "HeadConvolution", name: str) -> Any:
    from keras import layers

    kind = layers.SeparableConv2D if convolution.separable else layers.Conv2D
    features = kind(convolution.filters, convolution.kernel, padding="same", name=f"{name}_conv")(features)
    features = _activation(convolution.activation)(name=f"{name}_activation")(features)
    if convolution.batch_norm == "none":
        return features
    learns = convolution.batch_norm == "trained"
    return layers.BatchNormalization(trainable=learns, name=f"{name}_norm")(features)


def _activation(name: str) -> Any:
    from keras import layers

    return layers.LeakyReLU if name == "leaky_relu" else partial(layers.Activation, name)
