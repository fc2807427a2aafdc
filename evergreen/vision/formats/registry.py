"""Every export format by its name in recipes: how it is written, and the runtimes that it is opened in.

What is said of them in words, and what they need, is in ``catalogue/known.py``.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from evergreen.vision.formats import keras_file, savedmodel, tfjs, tflite
from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.interchange import onnx_file, openvino_ir
from evergreen.vision.formats.runtimes import ort_web, tfjs_browser

WRITE: dict[str, Callable[[Trained, Path], None]] = {
    "keras": keras_file.write,
    "savedmodel": savedmodel.write,
    "tflite-float32": partial(tflite.write, quantization="none"),
    "tflite-float16": partial(tflite.write, quantization="float16"),
    "tflite-dynamic": partial(tflite.write, quantization="dynamic"),
    "tflite-int8": partial(tflite.write, quantization="int8"),
    "tfjs": partial(tfjs.write, quantization="none"),
    "tfjs-uint8": partial(tfjs.write, quantization="uint8"),
    "tfjs-float16": partial(tfjs.write, quantization="float16"),
    "onnx": onnx_file.write,
    "openvino": openvino_ir.write,
}

# The runtime that answers for a format wherever one is enough.
OPEN_PREDICTOR: dict[str, Callable[[Path], Predictor]] = {
    "keras": keras_file.open_predictor,
    "savedmodel": savedmodel.open_predictor,
    **dict.fromkeys([name for name in WRITE if name.startswith("tflite")], tflite.open_predictor),
    **dict.fromkeys([name for name in WRITE if name.startswith("tfjs")], tfjs.open_predictor),
    "onnx": onnx_file.open_predictor,
    "openvino": openvino_ir.open_predictor,
}

_IN_WORDS = {
    "keras": "Keras",
    "savedmodel": "TensorFlow alone",
    "tflite": "LiteRT interpreter",
    "tfjs": "Node, wasm",
    "onnx": "ONNX Runtime",
    "openvino": "OpenVINO",
}


def runtimes(name: str) -> dict[str, Callable[[Path], Predictor]]:
    """Return every runtime that must run a format before it is verified, by its name in words."""
    family = name.split("-")[0]
    found = {_IN_WORDS[family]: OPEN_PREDICTOR[name]}
    if family == "tfjs":
        found["Chromium, wasm"] = tfjs_browser.open_predictor
    if family == "onnx":
        found["ONNX Runtime Web, Node"] = ort_web.open_predictor
    return found
