"""TensorFlow.js graph model, written by tensorflowjs and run by the real TensorFlow.js in Node."""

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from evergreen.errors import ExportRefused
from evergreen.vision.formats.contract import Predictor, RuntimeNotInstalled

FILE = "model.json"
_RUNNER = Path(__file__).with_name("tfjs_node.mjs")
_PACKAGES = Path(__file__).parents[3] / "node_modules" / "@tensorflow"
_TIMEOUT_SECONDS = 600


def write(saved_model: Path, folder: Path) -> None:
    """Convert a SavedModel to a float32 graph model."""
    # Its greeting imports IPython wherever stdout is not a terminal or a plain file.
    os.environ["TFDF_DISABLE_WELCOME_MESSAGE"] = "1"
    # Late: it imports tensorflow_decision_forests and tensorflow_hub, which nothing else needs.
    from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model

    folder.mkdir(parents=True, exist_ok=True)
    convert_tf_saved_model(str(saved_model), str(folder))
    model = json.loads((folder / FILE).read_text(encoding="utf-8"))
    # The converter orders the attributes of a node by chance; the graph's own order is in lists, which stay.
    (folder / FILE).write_text(json.dumps(model, sort_keys=True, separators=(",", ":")), encoding="utf-8")


def open_predictor(folder: Path) -> Predictor:
    """Return a function (N, H, W, 3) uint8 -> (N, K) float32 that runs Node with the wasm backend.

    Raises:
        RuntimeNotInstalled: Node or the TensorFlow.js packages are not installed.
        ExportRefused: TensorFlow.js refuses the model (raised by the function).
    """
    node = shutil.which("node")
    if node is None:
        raise RuntimeNotInstalled("node is not installed; install Node.js 18 or newer, then run make setup")
    if not (_PACKAGES / "tfjs-core").is_dir():
        raise RuntimeNotInstalled(f"TensorFlow.js is not installed in {_PACKAGES}; run make setup with npm present")

    def predict(images: np.ndarray) -> np.ndarray:
        with tempfile.TemporaryDirectory() as name:
            work = Path(name)
            (work / "images.bin").write_bytes(np.ascontiguousarray(images, np.uint8).tobytes())
            (work / "shape.json").write_text(json.dumps(images.shape))
            arguments = [node, str(_RUNNER), str(folder / FILE), str(work)]
            done = subprocess.run(arguments, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)
            if done.returncode != 0:
                raise ExportRefused(f"TensorFlow.js under Node failed: {done.stderr.strip()[-2000:]}")
            scores = np.frombuffer((work / "scores.bin").read_bytes(), np.float32)
            return scores.reshape(len(images), -1)

    return predict
