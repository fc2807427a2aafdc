"""Run one export on images in a process of its own, with its own runtime and NumPy alone.

    python -I isolated.py keras|savedmodel|tflite|mediapipe|onnx|openvino EXPORT FOLDER

Evergreen cannot be imported here, nor Keras for a SavedModel, nor TensorFlow for TFLite: whoever receives the export
has none of them. What the folder holds and gets is described in ``process.py``.
"""

import json
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

_THREADS = 1
_NOT_INSTALLED = 3
_RUNTIME = {
    "keras": "keras",
    "savedmodel": "tensorflow",
    "tflite": "ai_edge_litert.interpreter",
    "mediapipe": "mediapipe",
    "onnx": "onnxruntime",
    "openvino": "openvino",
}
_TRAINING = ["evergreen", "keras", "tensorflow"]
_ABSENT = {
    "keras": ["evergreen"],
    "savedmodel": ["evergreen", "keras"],
    "tflite": _TRAINING,
    "mediapipe": [*_TRAINING, "ai_edge_litert"],
    "onnx": [*_TRAINING, "onnx", "tf2onnx"],
    "openvino": [*_TRAINING, "openvino_telemetry"],  # which tells OpenVINO's maker of every import
}
_EXTRAS = ("mediapipe", "onnx", "openvino")

# One image, (H, W, 3) uint8 in 0-255 -> (K,) float32.
Answer = Callable[[np.ndarray], np.ndarray]
# That, and the class names that the model gives, if it can.
Opened = tuple[Answer, list[str] | None]


def main() -> None:
    """Open the export, show it every image alone, and write what it said and how long it took."""
    kind, export, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    for name in _ABSENT[kind]:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it raises
    try:
        runtime = import_module(_RUNTIME[kind])
    except (ImportError, OSError) as error:  # OSError: a library of the system that it links to is not there
        sys.exit(_missing(error, kind))
    shape = json.loads((work / "shape.json").read_bytes())
    images = np.fromfile(work / "images.bin", np.uint8).reshape(shape)
    began = time.perf_counter()
    answer, classes = _OPEN[kind](runtime, export)
    answer(images[0])  # the first call may still be compiling
    load_seconds = time.perf_counter() - began
    scores, seconds = [], []
    for image in images:
        began = time.perf_counter()
        scores.append(answer(image))
        seconds.append(time.perf_counter() - began)
    told = {"classes": classes, "load_seconds": load_seconds, "seconds": seconds, "threads": _THREADS}
    (work / "scores.bin").write_bytes(np.stack(scores).astype(np.float32).tobytes())
    (work / "answers.json").write_text(json.dumps(told), encoding="utf-8")


def _bound_threads() -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(_THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(_THREADS)


def _keras(keras: Any, export: Path) -> Opened:
    _bound_threads()
    model = keras.saving.load_model(export / "model.keras", compile=False, safe_mode=True)
    return lambda image: np.asarray(model.predict_on_batch(image[None]))[0], None


def _savedmodel(tf: Any, export: Path) -> Opened:
    _bound_threads()
    loaded = tf.saved_model.load(str(export))

    def serve(image: np.ndarray) -> dict[str, Any]:
        # Looked up each time: the signature alone does not keep the model's variables alive.
        answers: dict[str, Any] = loaded.signatures["serving_default"](image=tf.constant(image[None], tf.float32))
        return answers

    height, width = loaded.signatures["serving_default"].structured_input_signature[1]["image"].shape[1:3]
    names = serve(np.zeros((height, width, 3), np.uint8))["classes"].numpy()[0]
    return lambda image: serve(image)["scores"].numpy()[0], [name.decode() for name in names]


def tflite(litert: Any, export: Path) -> Opened:
    """Open ``model.tflite`` in a folder; ``evergreen serve`` does it in its workers, so that it answers alike.

    Args:
        litert: the module ``ai_edge_litert.interpreter``.
        export: the folder.
    """
    interpreter = litert.Interpreter(str(export / "model.tflite"), num_threads=_THREADS)
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()

    def answer(image: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(source["index"], _quantized(image[None], source))
        interpreter.invoke()
        return _dequantized(interpreter.get_tensor(sink["index"])[0], sink)

    return answer, None


def _mediapipe(mediapipe: Any, export: Path) -> Opened:
    """Open the model as an ImageClassifier, told what to do by the file's metadata; on a computer it has one thread."""
    tasks = mediapipe.tasks
    options = tasks.vision.ImageClassifierOptions(tasks.BaseOptions(str(export / "model.tflite")), max_results=-1)

    def told(call: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return call(*arguments)
        except Exception as error:  # noqa: BLE001 - it comes from a thread, with another traceback each time
            sys.exit(f"{type(error).__name__}: {error}")

    classifier = told(tasks.vision.ImageClassifier.create_from_options, options)

    def categories(image: np.ndarray) -> list[Any]:
        # At the model's own size: it would scale any other one by its own rule.
        shown = mediapipe.Image(mediapipe.ImageFormat.SRGB, np.ascontiguousarray(image))
        (head,) = told(classifier.classify, shown).classifications
        found: list[Any] = sorted(head.categories, key=lambda category: category.index)
        if [category.index for category in found] != list(range(len(found))):
            raise ValueError(f"expected every class once, received those of {[one.index for one in found]}")
        return found

    height, width = (json.loads((Path(sys.argv[3]) / "shape.json").read_bytes()))[1:3]
    names = [category.category_name for category in categories(np.zeros((height, width, 3), np.uint8))]
    return lambda image: np.array([category.score for category in categories(image)], np.float32), names


def _quantized(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    """Return pixels, uint8 in 0-255, as a model takes them."""
    scale, zero = detail["quantization"]
    if (detail["dtype"], scale, zero) == (np.uint8, 1, 0):
        return values  # what follows would take a tenth of an answer to give the same
    values = values.astype(np.float32)
    if not scale:
        return values
    limits = np.iinfo(detail["dtype"])
    quantized: np.ndarray = np.clip(np.round(values / scale + zero), limits.min, limits.max).astype(detail["dtype"])
    return quantized


def _dequantized(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero = detail["quantization"]
    return (values.astype(np.float32) - zero) * scale if scale else values


def _onnx(onnxruntime: Any, export: Path) -> Opened:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = _THREADS
    session = onnxruntime.InferenceSession(export / "model.onnx", options, providers=["CPUExecutionProvider"])
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    return lambda image: session.run(["scores"], {"image": image[None].astype(np.float32)})[0][0], classes


def _openvino(openvino: Any, export: Path) -> Opened:
    core = openvino.Core()
    model = core.read_model(export / "model.xml")
    classes = json.loads(model.get_rt_info(["evergreen", "classes"]).value)
    # Where the processor has bfloat16, OpenVINO would compute in it unless it is told to keep to float32.
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": _THREADS, "INFERENCE_PRECISION_HINT": "f32"})
    return lambda image: compiled(image[None].astype(np.float32))["scores"][0].copy(), classes


_OPEN = {
    "keras": _keras,
    "savedmodel": _savedmodel,
    "tflite": tflite,
    "mediapipe": _mediapipe,
    "onnx": _onnx,
    "openvino": _openvino,
}


def _missing(error: Exception, kind: str) -> int:
    extra = f" EXTRAS={kind}" if kind in _EXTRAS else ""
    sys.stderr.write(f"{error}; run make setup{extra}\n")
    return _NOT_INSTALLED


if __name__ == "__main__":
    main()
