"""Every export format by its name in recipes: how it is written, and the runtimes that it is opened in.

What is said of them in words, and what they need, is in ``catalogue/known.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from evergreen.vision.formats import keras_file, savedmodel, tfjs, tflite
from evergreen.vision.formats.catalogue.names import family
from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.interchange import onnx_file, openvino_ir
from evergreen.vision.formats.runtimes import litertjs, ort_web, tfjs_browser

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


@dataclass(frozen=True)
class Runtime:
    """One of the runtimes that a format is opened in.

    Attributes:
        name: in words.
        open_predictor: the folder of an export -> what runs it.
        needed: whether a format is not verified where this runtime is not installed. Of any other its absence is told
            and weakens nothing (``verification.together``).
    """

    name: str
    open_predictor: Callable[[Path], Predictor]
    needed: bool = True


# The runtimes of each family of formats.
_RUNTIMES = {
    "keras": (Runtime("Keras", keras_file.open_predictor),),
    "savedmodel": (Runtime("TensorFlow alone", savedmodel.open_predictor),),
    "tflite": (
        Runtime("LiteRT interpreter", tflite.open_predictor),
        Runtime("MediaPipe Tasks", tflite.open_mediapipe, needed=False),
        Runtime("LiteRT.js, wasm", litertjs.open_wasm, needed=False),
        Runtime("LiteRT.js, WebGPU", litertjs.open_webgpu, needed=False),
    ),
    "tfjs": (
        Runtime("Node, wasm", tfjs.open_predictor),
        Runtime("Chromium, wasm", tfjs_browser.open_predictor),
    ),
    "onnx": (
        Runtime("ONNX Runtime", onnx_file.open_predictor),
        Runtime("ONNX Runtime Web, Node", ort_web.open_predictor, needed=False),
    ),
    "openvino": (Runtime("OpenVINO", openvino_ir.open_predictor),),
}


def runtimes(name: str) -> tuple[Runtime, ...]:
    """Return every runtime that a format is opened in before it is verified; the one that answers for it is first."""
    return _RUNTIMES[family(name)]


# The runtime that answers for a format wherever one is enough.
OPEN_PREDICTOR: dict[str, Callable[[Path], Predictor]] = {name: runtimes(name)[0].open_predictor for name in WRITE}
