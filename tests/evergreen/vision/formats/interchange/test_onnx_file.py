"""evergreen.vision.formats.interchange.onnx_file: what an ONNX file promises and says of itself."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import CLASSES

from evergreen.errors import ExportRefused
from evergreen.recipe import load_recipe
from evergreen.vision.formats.contract import Trained
from evergreen.vision.formats.interchange import onnx_file
from evergreen.vision.networks import build, runtime

onnx = pytest.importorskip("onnx", reason="make setup EXTRAS=onnx")
pytest.importorskip("tf2onnx", reason="make setup EXTRAS=onnx")


def test_it_takes_any_number_of_raw_images_and_says_what_it_is(
    exports: Any, batch: np.ndarray, reference: np.ndarray
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="make setup EXTRAS=onnx")
    file = exports.folder / "onnx" / "model.onnx"
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (source,), (sink,) = session.get_inputs(), session.get_outputs()
    assert (source.name, source.shape, source.type) == ("image", ["batch", 8, 8, 3], "tensor(float)")
    assert (sink.name, sink.shape) == ("scores", ["batch", 3])
    for count in (1, len(batch)):
        (scores,) = session.run(["scores"], {"image": batch[:count].astype(np.float32)})
        assert np.allclose(scores, reference[:count], atol=1e-5)
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["classes"]) == CLASSES
    assert json.loads(told["input"]) == {
        "layout": "NHWC", "height": 8, "width": 8, "channels": "RGB", "dtype": "float32", "range": [0, 255],
        "preprocessing": "none: raw RGB", "resize": {"rule": "squash", "interpolation": "area"},
    }  # fmt: skip
    assert told["Image.NominalPixelRange"] == "NominalRange_0_255"


def test_the_order_of_classes_that_the_file_holds_is_checked(exports: Any, tmp_path: Path) -> None:
    exports.write(tmp_path / "e", ("onnx",))
    file = tmp_path / "e" / "onnx" / "model.onnx"
    model = onnx.load(str(file))
    next(entry for entry in model.metadata_props if entry.key == "classes").value = json.dumps(CLASSES[::-1])
    file.write_bytes(model.SerializeToString())
    run = exports.verify(tmp_path / "e", "onnx")["onnx"].runtimes[0]
    assert (run.verified, "the model itself says ['red', 'bright', 'dark']" in run.reason) == ("failed", True)


_WRITES = """
import sys
from pathlib import Path
from evergreen.recipe import load_recipe
from evergreen.vision.formats.contract import Trained
from evergreen.vision.formats.registry import WRITE
from evergreen.vision.networks import build, runtime
recipe = load_recipe("cifar10-fast")
runtime.start(1)
model = build.build(recipe.train, recipe.image, 3)
WRITE[sys.argv[1]](Trained(None, model, None, ["a", "b", "c"], None, recipe.image), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_processes_that_hash_by_other_numbers_write_the_same_bytes(tmp_path: Path, name: str) -> None:
    if find_spec(name) is None:  # not imported: OpenVINO would tell its maker
        pytest.skip(f"make setup EXTRAS={name}")
    written = []
    for seed in ("1", "2"):
        folder = tmp_path / f"seed {seed}"
        environment = os.environ | {"PYTHONHASHSEED": seed, "CUDA_VISIBLE_DEVICES": "-1"}
        subprocess.run([sys.executable, "-c", _WRITES, name, str(folder)], check=True, env=environment)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert written[0] == written[1]
    assert not [
        text for text in (str(tmp_path).encode(), b"__inference_") for data in written[0].values() if text in data
    ]


def test_a_network_of_gelus_is_in_operations_that_onnx_has(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="make setup EXTRAS=onnx")
    recipe = load_recipe("cifar10-fast")
    assert {block.activation for block in recipe.train.cnn} == {"gelu"}
    trained = _untrained(recipe)
    onnx_file.write(trained, tmp_path)
    images = np.random.default_rng(1).integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = trained.model.predict(images.astype(np.float32), verbose=0)
    assert np.allclose(onnx_file.open_predictor(tmp_path)(images), expected, atol=1e-5)


def test_what_onnx_has_no_operation_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from contextlib import nullcontext

    monkeypatch.setattr(onnx_file.activations, "spelled_out", lambda _: nullcontext())
    with pytest.raises(ExportRefused, match=r"^onnx: expected a network of ONNX's operations .* Erfc"):
        onnx_file.write(_untrained(load_recipe("cifar10-fast")), tmp_path / "onnx")
    assert not (tmp_path / "onnx").exists()


def _untrained(recipe: Any) -> Trained:
    runtime.start(1)
    model = build.build(recipe.train, recipe.image, 3)
    return Trained(Path(), model, Path(), ["a", "b", "c"], lambda: iter(()), recipe.image)
