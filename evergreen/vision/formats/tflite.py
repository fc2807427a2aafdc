"""TensorFlow Lite: float32, float16 weights, dynamic range, and full int8 with uint8 in and out.

TensorFlow writes it; LiteRT, its successor on devices, runs it (docs/decisions/0010).
"""

from pathlib import Path
from typing import Literal

from evergreen.vision.formats import savedmodel
from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.runtimes import process

FILE = "model.tflite"
Quantization = Literal["none", "float16", "dynamic", "int8"]


def write(trained: Trained, folder: Path, quantization: Quantization) -> None:
    """Convert a bare SavedModel of one image into a model of one signature, (1, H, W, 3) -> (1, K).

    There is no second signature for several images: it would be a second subgraph, which MediaPipe Tasks refuses and
    which makes files larger (docs/decisions/0023).

    Args:
        trained: the model; ``int8`` takes the ranges of activations from its representative images.
        folder: where ``model.tflite`` goes.
        quantization: none; weights in float16; weights in int8 and activations in float32 (``dynamic``); or both in
            int8, with uint8 at the model's ends.
    """
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(savedmodel.bare(trained, one=True)))
    if quantization != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif quantization == "int8":
        converter.representative_dataset = trained.representative
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.uint8
        converter.inference_output_type = tf.uint8
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(converter.convert())


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs the LiteRT interpreter in a process of its own, which a bad file may crash."""
    return process.python("tflite", folder)
