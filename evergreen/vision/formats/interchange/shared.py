"""What ONNX and OpenVINO are both written from: one traced function, and one description of what goes in."""

from typing import Any

from evergreen.vision.formats.contract import Trained

INPUT, OUTPUT = "image", "scores"


def traced(model: Any) -> tuple[Any, Any]:
    """Return a ``tf.function`` of a Keras model and its input's signature: image, (N, H, W, 3) float32, in; scores out.

    Call it where GELU is spelled out (``activations.spelled_out``): ONNX has no erfc.
    """
    import tensorflow as tf

    signature = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32, name=INPUT)
    return tf.function(lambda image: {OUTPUT: model(image, training=False)}, input_signature=[signature]), signature


def input_of(trained: Trained) -> dict[str, Any]:
    """Return, as JSON values, what the file itself says of its input."""
    return {
        "layout": "NHWC",
        "height": trained.image.height,
        "width": trained.image.width,
        "channels": "RGB",
        "dtype": "float32",
        "range": [0, 255],
        "preprocessing": "none: raw RGB",
        "resize": {"rule": trained.image.resize, "interpolation": trained.image.interpolation},
    }
