"""Networks: raw 0-255 RGB in, float32 class probabilities out; preprocessing is part of the model."""

from typing import TYPE_CHECKING, Any

from evergreen.vision.networks import backbones, blocks
from evergreen.vision.networks.blocks import activation_of

if TYPE_CHECKING:
    from evergreen.sections.data import Image
    from evergreen.sections.network import Head, HeadConvolution
    from evergreen.sections.training import Train


def build(train: "Train", image: "Image", classes: int) -> Any:
    """Return an uncompiled ``keras.Model``.

    Its input ``image`` is (N, H, W, 3) float32, RGB, 0-255; its output ``probabilities`` is (N, classes) float32.

    Raises:
        WeightsUnavailable: the backbone's weights are not here.
    """
    import keras

    inputs = keras.Input((image.height, image.width, 3), name="image")
    if train.backbone == "cnn":
        features = backbones.preprocessed(inputs, "tf")
        for number, block in enumerate(train.cnn, start=1):
            features = blocks.block(features, block, f"block{number}")
    else:
        features = backbones.features(train, inputs)
    features = _head(features, train.head)
    return keras.Model(inputs, _output(features, train.head, classes), name="classifier")


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
        features = activation_of(dense.activation)(name=f"dense{number}_activation")(features)
        if dense.dropout:
            features = layers.Dropout(dense.dropout, name=f"dense{number}_dropout")(features)
    return features


def _output(features: Any, head: "Head", classes: int) -> Any:
    """Return the probabilities, in float32 whatever the rest is computed in."""
    from keras import layers

    if head.output_scale == 1:
        output = layers.Dense(
            classes, activation="softmax", use_bias=head.output_bias, dtype="float32", name="probabilities"
        )
        return output(features)
    logits = layers.Dense(classes, use_bias=head.output_bias, dtype="float32", name="logits")(features)
    scaled = layers.Rescaling(head.output_scale, dtype="float32", name="output_scale")(logits)
    return layers.Softmax(dtype="float32", name="probabilities")(scaled)


def _convolution(features: Any, convolution: "HeadConvolution", name: str) -> Any:
    from keras import layers

    kind = layers.SeparableConv2D if convolution.separable else layers.Conv2D
    features = kind(convolution.filters, convolution.kernel, padding="same", name=f"{name}_conv")(features)
    features = activation_of(convolution.activation)(name=f"{name}_activation")(features)
    if convolution.batch_norm == "none":
        return features
    learns = convolution.batch_norm == "trained"
    return layers.BatchNormalization(trainable=learns, name=f"{name}_norm")(features)
