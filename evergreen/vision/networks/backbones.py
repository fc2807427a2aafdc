"""Pretrained networks, each with its own preprocessing inside: raw 0-255 RGB in, feature maps out."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.errors import WeightsUnavailable
from evergreen.paths import is_file, path_of
from evergreen.vision.networks import batch_norm, efficientnet_lite

if TYPE_CHECKING:
    from evergreen.sections.phases import Phase
    from evergreen.sections.training import Train

NAME = "backbone"

# Backbone -> its class in keras.applications, and what preprocess_input makes of raw pixels: "tf" -1..1, "caffe" BGR
# less the ImageNet means, "inside" nothing, since the network does it itself.
APPLICATIONS = {
    "MobileNetV2": ("MobileNetV2", "tf"),
    "MobileNetV3": ("MobileNetV3Large", "inside"),
    "EfficientNetB0": ("EfficientNetB0", "inside"),
    "EfficientNetB1": ("EfficientNetB1", "inside"),
    "EfficientNetB2": ("EfficientNetB2", "inside"),
    "EfficientNetB3": ("EfficientNetB3", "inside"),
    "EfficientNetV2B0": ("EfficientNetV2B0", "inside"),
    "ResNet50": ("ResNet50", "caffe"),
    "ResNet152V2": ("ResNet152V2", "tf"),
    "ConvNeXtTiny": ("ConvNeXtTiny", "inside"),
    "NASNetMobile": ("NASNetMobile", "tf"),
}
_CAFFE_MEANS = (103.939, 116.779, 123.68)  # blue, green, red
_MEANS, _DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def features(train: "Train", inputs: Any) -> Any:
    """Return the feature maps of raw images: preprocessing, then the backbone as one layer of that name.

    Args:
        train: names the backbone and its weights.
        inputs: a Keras tensor (N, H, W, 3), RGB, 0-255.

    Raises:
        WeightsUnavailable: the weights are not here and cannot be fetched; the message says which file, and what then.
    """
    shape = tuple(inputs.shape[1:])
    if train.backbone in efficientnet_lite.MEMBERS:
        model = efficientnet_lite.build(shape, train.backbone)
        if train.weights != "none":
            file = None if train.weights == "imagenet" else _file(train.weights)
            efficientnet_lite.load_imagenet(model, train.backbone, file)
        prepared = preprocessed(inputs, "lite")
    else:
        application, kind = APPLICATIONS[train.backbone]
        model = _application(application, train.weights, shape)
        own_file = train.weights not in ("imagenet", "none")
        rescaled = own_file and application.startswith("EfficientNetB")
        prepared = preprocessed(inputs, "efficientnet-file" if rescaled else kind)
    model.name = NAME
    return model(prepared)


def preprocessed(inputs: Any, kind: str) -> Any:
    """Add the layers that bring raw pixels into the range in which a network was trained."""
    import keras
    from keras import layers

    if kind == "inside":
        return inputs
    if kind == "tf":
        return layers.Rescaling(1 / 127.5, offset=-1, name="preprocessing")(inputs)
    if kind == "lite":
        return layers.Rescaling(1 / 128, offset=-127 / 128, name="preprocessing")(inputs)
    if kind == "caffe":
        flipped = keras.ops.take(inputs, (2, 1, 0), axis=-1)
        return layers.Rescaling(1.0, offset=[-mean for mean in _CAFFE_MEANS], name="preprocessing")(flipped)
    # Keras divides EfficientNet's normalised input once more by the root of its deviation, but only where it fetches
    # the ImageNet file itself. From disk that file needs it too; here it stands in front of the network's own scaling.
    scale = [deviation**-0.5 for deviation in _DEVIATIONS]
    offset = [255 * mean * (1 - factor) for mean, factor in zip(_MEANS, scale, strict=True)]
    return layers.Rescaling(scale, offset=offset, name="preprocessing")(inputs)


def unfreeze(model: Any, phase: "Phase") -> None:
    """Let the backbone's layers learn that a phase says; batch norms of the others stay in inference mode.

    With ``batch_norm: frozen`` every batch norm of the backbone does, as in Keras' guide to fine-tuning
    (https://keras.io/guides/transfer_learning).
    """
    backbone = next((layer for layer in model.layers if layer.name == NAME), None)
    if backbone is None:
        return
    which = phase.unfreeze
    # TensorFlow skips a setter whose value stays, and layers that an earlier phase froze would stay frozen.
    backbone.trainable = which == "none"
    backbone.trainable = which != "none"
    if isinstance(which, int):
        for layer in backbone.layers[: max(0, len(backbone.layers) - which)]:
            layer.trainable = False
    if phase.batch_norm == "frozen":
        for layer in batch_norm.layers_of(backbone):
            layer.trainable = False


def _application(name: str, weights: str, shape: tuple[int, ...]) -> Any:
    import keras

    build: Callable[..., Any] = getattr(keras.applications, name)
    given = {"imagenet": "imagenet", "none": None}
    source = given[weights] if weights in given else str(_file(weights))
    try:
        return build(include_top=False, weights=source, input_shape=shape)
    except Exception as error:  # get_file raises a bare Exception when it is offline
        if weights == "none":
            raise
        raise WeightsUnavailable(_what_to_do(name, weights, error)) from error


def _what_to_do(name: str, weights: str, error: Exception) -> str:
    address = re.search(r"https?://\S+", str(error))
    if weights == "imagenet" and address:
        url = address[0].rstrip(":.,")
        file = url.rpartition("/")[2]
        return (
            f"{name}: the ImageNet weights could not be fetched. Fetch {url} where there is a network, and name the "
            f"file in the recipe, as train.weights: path/to/{file}; or train.backbone: EfficientNetLite0 needs none"
        )
    return f"{name}: the weights in {weights} do not fit: {str(error)[:300]}"


def _file(weights: str) -> Path:
    path = path_of(weights)
    if not is_file(path):
        raise WeightsUnavailable(f"train.weights: expected imagenet, none or a file, found none at {path}")
    return path
