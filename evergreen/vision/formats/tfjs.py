"""TensorFlow.js graph model, written by tensorflowjs and run by the real TensorFlow.js in Node."""

import json
import math
import os
import shutil
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal

from evergreen.vision.formats import savedmodel
from evergreen.vision.formats.contract import Predictor, RuntimeNotInstalled, Trained
from evergreen.vision.formats.runtimes import process
from evergreen.vision.networks import activations

FILE = "model.json"
_RUNNER = Path(process.__file__).with_name("tfjs_node.mjs")
_PACKAGES = Path(__file__).parents[3] / "node_modules"
Quantization = Literal["none", "float16", "uint8"]
_LARGE_KERNEL = 16_384
_FIRST_IN_FLOAT16 = 1 / 5  # of the numbers of such kernels


def write(trained: Trained, folder: Path, quantization: Quantization) -> None:
    """Convert a bare SavedModel to a graph model that names its classes in ``userDefinedMetadata``.

    Args:
        trained: the model.
        folder: where ``model.json`` and the weights go.
        quantization: how weights are stored (``uint8``: large kernels, the rest in float16); TensorFlow.js always
            computes in float32.
    """
    # Its greeting imports IPython wherever stdout is not a terminal or a plain file.
    os.environ["TFDF_DISABLE_WELCOME_MESSAGE"] = "1"
    # Late: it imports tensorflow_decision_forests and tensorflow_hub, which nothing else needs.
    from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model

    folder.mkdir(parents=True, exist_ok=True)
    convert = partial(convert_tf_saved_model, str(_saved(trained)), str(folder))
    if quantization == "uint8":
        convert()
        kernels = _kernels(json.loads((folder / FILE).read_text(encoding="utf-8")))
        for path in folder.iterdir():
            path.unlink()
        convert(quantization_dtype_map={"uint8": kernels, "float16": True})
    else:
        convert(quantization_dtype_map={"float16": "*"} if quantization == "float16" else None)
    model = json.loads((folder / FILE).read_text(encoding="utf-8"))
    model["userDefinedMetadata"] = {"classes": trained.classes}
    # The converter orders the attributes of a node by chance; the graph's own order is in lists, which stay.
    (folder / FILE).write_text(json.dumps(model, sort_keys=True, separators=(",", ":")), encoding="utf-8")


def _saved(trained: Trained) -> Path:
    """Return a bare SavedModel of operations that TensorFlow.js has; TFLite knows GELU only as Keras makes it."""
    if not activations.has_gelu(trained.model):
        return savedmodel.bare(trained)
    saved = trained.saved.with_name(f"{trained.saved.name}-for-the-web")
    if not saved.exists():
        with activations.spelled_out(trained.model):
            savedmodel.write_bare(trained.model, saved)
    return saved


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs Node with the wasm backend.

    Raises:
        RuntimeNotInstalled: Node or the TensorFlow.js packages are not installed.
    """
    node = shutil.which("node")
    if node is None:
        raise RuntimeNotInstalled("node is not installed; install Node.js 18 or newer, then run make setup")
    packages()
    return process.predictor("TensorFlow.js under Node", [node, str(_RUNNER), str(folder / FILE)])


def _kernels(model: dict[str, Any]) -> list[str]:
    """Return the weights that 8 bits are enough for: all channels share one scale, which only large kernels bear.

    Depthwise kernels, (H, W, C, 1), and factors and offsets of channels do not (Krishnamoorthi 2018, arXiv:1806.08342,
    section 3.1). They and the kernels of the first layers, which are the smaller ones, are few numbers; and it is the
    first layers whose errors grow on the way: a byte of them is worth ten of the last (benchmarks/README.md).
    """
    weights = [weight for group in model["weightsManifest"] for weight in group["weights"]]
    sizes = {
        weight["name"]: math.prod(weight["shape"])
        for weight in weights
        if len(weight["shape"]) > 1 and weight["shape"][-1] > 1
    }
    large = {name: size for name, size in sizes.items() if size >= _LARGE_KERNEL}
    room = _FIRST_IN_FLOAT16 * sum(large.values())
    for name, size in sorted(large.items(), key=itemgetter(1)):
        if (room := room - size) < 0:
            break
        del large[name]
    return list(large)


def packages() -> Path:
    """Return the folder of npm packages that has TensorFlow.js.

    Raises:
        RuntimeNotInstalled: it has not.
    """
    if not (_PACKAGES / "@tensorflow" / "tfjs-core").is_dir():
        raise RuntimeNotInstalled(f"TensorFlow.js is not installed in {_PACKAGES}; run make setup with npm present")
    return _PACKAGES
