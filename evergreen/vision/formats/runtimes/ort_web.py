"""ONNX Runtime Web under Node: ONNX as browsers run it, in wasm."""

import shutil
from pathlib import Path

from evergreen.vision.formats.contract import Predictor, RuntimeNotInstalled
from evergreen.vision.formats.runtimes import process

_RUNNER = Path(__file__).with_name("ort_web.mjs")
# Of its own: it takes 150 MB, which only a recipe that names ONNX needs.
_PACKAGES = Path(__file__).parents[4] / "npm" / "onnx" / "node_modules"


def open_predictor(folder: Path) -> Predictor:
    """Return a predictor that runs Node with ONNX Runtime Web's wasm.

    Raises:
        RuntimeNotInstalled: Node or the package is not installed.
    """
    node = shutil.which("node")
    if node is None:
        raise RuntimeNotInstalled("node is not installed; install Node.js 18 or newer, then make setup EXTRAS=onnx")
    if not (_PACKAGES / "onnxruntime-web").is_dir():
        raise RuntimeNotInstalled(
            f"ONNX Runtime Web is not installed in {_PACKAGES}; run make setup EXTRAS=onnx with npm present"
        )
    command = [node, str(_RUNNER), str(_PACKAGES), str(folder / "model.onnx")]
    return process.predictor("ONNX Runtime Web under Node", command)
