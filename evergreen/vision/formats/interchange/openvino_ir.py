"""OpenVINO's intermediate representation: ``model.xml`` and ``model.bin``, in float32, with its classes inside.

Written and proved by OpenVINO, the extra ``openvino`` (docs/decisions/0025).
"""

import json
import sys
from pathlib import Path
from typing import Any

from evergreen.vision.formats.contract import Predictor, Trained
from evergreen.vision.formats.interchange.shared import INPUT, OUTPUT, input_of, traced
from evergreen.vision.formats.runtimes import process
from evergreen.vision.networks import activations

FILE = "model.xml"
# OpenVINO Model API's names of what is done to a picture before (model_api.adapters.utils, RESIZE_TYPES).
_RESIZE = {"squash": "standard", "crop": "crop", "pad": "fit_to_window_letterbox"}


def write(trained: Trained, folder: Path) -> None:
    """Convert the model: image, (N, H, W, 3) float32 in 0-255, in; scores, (N, K) float32, out; weights in float32.

    The file says in ``rt_info`` what OpenVINO's Model API reads (``model_info``; it parts labels by spaces, so those
    inside of names become underscores there), and, exactly, what its classes are and what goes in (``evergreen``, in
    JSON). Two conversions of one model give the same bytes.
    """
    openvino = _openvino()
    with activations.spelled_out(trained.model):
        function, _ = traced(trained.model)
        model = openvino.convert_model(function)
    (source,), (sink,) = model.inputs, model.outputs
    for number, operation in enumerate(model.get_ordered_ops()):  # the converter numbers through all of a process
        operation.set_friendly_name(f"{operation.get_type_name()}_{number}")
    source.get_node().set_friendly_name(INPUT)
    source.get_tensor().set_names({INPUT})
    sink.get_tensor().set_names({OUTPUT})
    model.set_friendly_name("classifier")
    del model.rt_info["conversion_parameters"]  # folders of this machine
    for name, value in _model_info(trained).items():
        model.set_rt_info(value, ["model_info", name])
    model.set_rt_info(json.dumps(trained.classes), ["evergreen", "classes"])
    model.set_rt_info(json.dumps(input_of(trained)), ["evergreen", "input"])
    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, str(folder / FILE), compress_to_fp16=False)


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs OpenVINO on the CPU, in float32, in a process of its own."""
    return process.python("openvino", folder)


def _model_info(trained: Trained) -> dict[str, str]:
    return {
        "model_type": "Classification",
        "labels": " ".join("_".join(name.split()) for name in trained.classes),
        "resize_type": _RESIZE[trained.image.resize],
        "pad_value": "0",
        "reverse_input_channels": "False",  # RGB in, as the Model API hands pictures over
        "multilabel": "False",
        "output_raw_scores": "True",
    }


def _openvino() -> Any:
    """Import OpenVINO without its telemetry, which would tell its maker of every import and conversion."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # importing it raises
    import openvino

    return openvino
