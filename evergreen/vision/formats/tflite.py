"""TensorFlow Lite: float32, float16 weights, dynamic range, and full int8 with uint8 in and out.

TensorFlow writes it; LiteRT, its successor on devices, runs it (docs/decisions/0010).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from evergreen.reports.model_readme import LICENSE, called
from evergreen.vision.formats import savedmodel
from evergreen.vision.formats.contract import Answers, Predictor, Trained
from evergreen.vision.formats.lite import metadata
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
    save(folder, converter(trained, quantization).convert())


def converter(trained: Trained, quantization: Quantization) -> Any:
    """Return TensorFlow's converter, set up; arguments as of ``write``."""
    import tensorflow as tf

    made = tf.lite.TFLiteConverter.from_saved_model(str(savedmodel.bare(trained, one=True)))
    if quantization != "none":
        made.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "float16":
        made.target_spec.supported_types = [tf.float16]
    elif quantization == "int8":
        made.representative_dataset = trained.representative
        made.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        made.inference_input_type = tf.uint8
        made.inference_output_type = tf.uint8
    return made


def save(folder: Path, data: bytes) -> None:
    """Write a model's bytes into an export's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(data)


def describe(folder: Path, card: Mapping[str, Any]) -> None:
    """Put labels, and what the model takes and is, into ``model.tflite``.

    Args:
        folder: where it is.
        card: what ``model-card.json`` says of the export.

    Raises:
        ExportRefused: a class name has a line break in it.
    """
    image, classes = card["input"], card["classes"]
    split = card["shortcuts"]["split"]
    measured = card["metrics"][split]
    words = (
        f"Answers for an image with the probability of each of {len(classes)} classes: labels.txt, inside this file, "
        f"has them in order. Takes one image of {image['height']} x {image['width']} pixels, RGB, 0 to 255, as "
        f"{image['dtype']}, without other preprocessing (resized by: {card['resize']['rule']}, "
        f"{card['resize']['interpolation']}). Accuracy {measured['accuracy']:.2%} on "
        f"{int(measured.get('count', 0)):,} images of the {split} split, measured on the Keras model before it was "
        f"written as {card['format']}. Scores are as the network gives them."
    )
    told = metadata.Metadata(
        name=called(card),
        description=words,
        version=str(next(iter(card["made_of"].values()), "")),
        author=card["made"]["by"],
        license=LICENSE,
        labels=tuple(classes),
        height=image["height"],
        width=image["width"],
    )
    metadata.write(folder / FILE, told)


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs the LiteRT interpreter in a process of its own, which a bad file may crash.

    LiteRT does not read labels; the class names of its answers are those in the file (None in one of before 0.3).
    """
    opened = process.python("tflite", folder)

    def run(images: np.ndarray) -> Answers:
        return replace(opened.run(images), classes=metadata.read_labels(folder / FILE))

    return Predictor(run)


def open_mediapipe(folder: Path) -> Predictor:
    """Return a predictor that runs MediaPipe Tasks' ImageClassifier: the file's metadata alone tell it what to do."""
    return process.python("mediapipe", folder)
