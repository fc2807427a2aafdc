"""TensorFlow Lite: float32, and full int8 with uint8 in and out."""

from pathlib import Path
from typing import Any

import numpy as np

from evergreen.vision.formats.contract import Predictor, Representative

FILE = "model.tflite"


def write_float32(saved_model: Path, folder: Path) -> None:
    """Convert a SavedModel without quantization."""
    _write(_converter(saved_model), folder)


def write_int8(saved_model: Path, folder: Path, representative: Representative) -> None:
    """Convert a SavedModel to 8-bit integers throughout, with ranges taken from the representative dataset."""
    import tensorflow as tf

    converter = _converter(saved_model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    converter.inference_output_type = tf.uint8
    _write(converter, folder)


def open_predictor(folder: Path) -> Predictor:
    """Load into the TFLite interpreter and return a function (N, H, W, 3) uint8 -> (N, K) float32."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(folder / FILE), num_threads=1)
    interpreter.allocate_tensors()
    (source,), (sink,) = interpreter.get_input_details(), interpreter.get_output_details()

    def predict(images: np.ndarray) -> np.ndarray:
        outputs = []
        for image in images:
            interpreter.set_tensor(source["index"], _quantized(image[None].astype(np.float32), source))
            interpreter.invoke()
            outputs.append(_dequantized(interpreter.get_tensor(sink["index"]), sink))
        return np.concatenate(outputs)

    return predict


def _converter(saved_model: Path) -> Any:
    import tensorflow as tf

    return tf.lite.TFLiteConverter.from_saved_model(str(saved_model))


def _write(converter: Any, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(converter.convert())


def _quantized(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero = detail["quantization"]
    if not scale:
        return values
    limits = np.iinfo(detail["dtype"])
    quantized: np.ndarray = np.clip(np.round(values / scale + zero), limits.min, limits.max).astype(detail["dtype"])
    return quantized


def _dequantized(values: np.ndarray, detail: dict[str, Any]) -> np.ndarray:
    scale, zero = detail["quantization"]
    return (values.astype(np.float32) - zero) * scale if scale else values
