"""ONNX: one file for ONNX Runtime and whatever else reads ONNX, with its classes in the model's own metadata.

Written by tf2onnx and proved by ONNX Runtime and ONNX Runtime Web, all of the extra ``onnx`` (docs/decisions/0025).
"""

import json
from pathlib import Path

from evergreen.errors import ExportRefused
from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.interchange.onnx_names import put_in_order
from evergreen.vision.formats.interchange.shared import input_of, traced
from evergreen.vision.formats.runtimes import process
from evergreen.vision.networks import activations

FILE = "model.onnx"
# What tf2onnx 1.17 writes unless it is asked for another: ONNX Runtime reads it since 1.10.
_OPSET = 15
# ONNX's own words for images (docs/MetadataProps.md of onnx/onnx).
_IMAGE = {
    "Image.BitmapPixelFormat": "Rgb8",
    "Image.ColorSpaceGamma": "SRGB",
    "Image.NominalPixelRange": "NominalRange_0_255",
}


def write(trained: Trained, folder: Path) -> None:
    """Convert the model: image, (batch, H, W, 3) float32 in 0-255, in; scores, (batch, K) float32, out.

    The file says in ``metadata_props`` what its classes are (``classes``, a list in JSON, in the order of the scores)
    and what goes in (``input``, in JSON). Two conversions of one model give the same bytes.

    Raises:
        ExportRefused: ONNX has no operation for a part of the network.
    """
    import onnx
    import tf2onnx

    with activations.spelled_out(trained.model):
        function, signature = traced(trained.model)
        model, _ = tf2onnx.convert.from_function(function, [signature], opset=_OPSET)
    put_in_order(model)
    model.doc_string = "Image classifier: raw RGB of 0-255 in, a probability for each class out."
    told = {"classes": json.dumps(trained.classes), "input": json.dumps(input_of(trained)), **_IMAGE}
    onnx.helper.set_model_props(model, told)
    try:  # the converter itself leaves what it does not know as it is
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ExportRefused(
            f"onnx: expected a network of ONNX's operations (opset {_OPSET}), received: {error}; leave onnx out of "
            "export.formats, or choose another backbone"
        ) from error
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(model.SerializeToString(deterministic=True))


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs ONNX Runtime on the CPU in a process of its own."""
    return process.python("onnx", folder)
