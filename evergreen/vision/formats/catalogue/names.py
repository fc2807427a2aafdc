"""What the name of a format says: its family, and which libraries write it."""

INT8 = "tflite-int8"
# What writes a family of formats beside TensorFlow and Keras.
_BESIDE = {"tfjs": ("tensorflowjs",), "onnx": ("onnx", "tf2onnx"), "openvino": ("openvino",)}


def family(name: str) -> str:
    """Return what formats have in common that differ in their numbers alone: ``tflite`` of ``tflite-int8``."""
    return name.split("-")[0]


def writers(name: str) -> tuple[str, ...]:
    """Return the distributions that write a format."""
    return ("tensorflow", "keras", *_BESIDE.get(family(name), ()))
