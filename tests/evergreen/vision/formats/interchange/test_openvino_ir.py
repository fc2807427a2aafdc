"""evergreen.vision.formats.interchange.openvino_ir: what OpenVINO's files promise and say of themselves."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_training import CLASSES

from evergreen.sections.data import Image
from evergreen.vision.formats.contract import Trained
from evergreen.vision.formats.interchange import openvino_ir


@pytest.fixture
def openvino() -> Any:
    """OpenVINO, imported as the program does: nothing tells anybody of it."""
    try:
        return openvino_ir._openvino()
    except ImportError:
        pytest.skip("make setup EXTRAS=openvino")


def test_it_takes_any_number_of_raw_images_and_holds_float32(
    exports: Any, batch: np.ndarray, reference: np.ndarray, openvino: Any
) -> None:
    model = openvino.Core().read_model(exports.folder / "openvino" / "model.xml")
    (source,), (sink,) = model.inputs, model.outputs
    assert (source.any_name, str(source.partial_shape), source.element_type) == (
        "image",
        "[?,8,8,3]",
        openvino.Type.f32,
    )
    assert (sink.any_name, str(sink.partial_shape)) == ("scores", "[?,3]")
    kinds = {output.get_element_type().to_string() for operation in model.get_ops() for output in operation.outputs()}
    assert "f32" in kinds
    assert "f16" not in kinds
    compiled = openvino.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for count in (1, len(batch)):
        assert np.allclose(compiled(batch[:count].astype(np.float32))["scores"], reference[:count], atol=1e-5)


def test_it_says_what_it_is_in_the_places_where_openvinos_tools_look(exports: Any, openvino: Any) -> None:
    model = openvino.Core().read_model(exports.folder / "openvino" / "model.xml")
    said = {name: model.get_rt_info(["model_info", name]).value for name in ("model_type", "labels", "resize_type")}
    assert said == {"model_type": "Classification", "labels": "dark bright red", "resize_type": "standard"}
    assert json.loads(model.get_rt_info(["evergreen", "classes"]).value) == CLASSES
    told = json.loads(model.get_rt_info(["evergreen", "input"]).value)
    assert (told["range"], told["channels"], told["height"]) == ([0, 255], "RGB", 8)


def test_labels_with_spaces_are_one_word_each_where_words_are_parted_by_them() -> None:
    trained = Trained(Path(), None, Path(), ["paper cup", "tin\tcan", "ø"], lambda: iter(()), Image(resize="pad"))
    info = openvino_ir._model_info(trained)
    assert info["labels"].split() == ["paper_cup", "tin_can", "ø"]
    assert info["resize_type"] == "fit_to_window_letterbox"


def test_the_order_of_classes_that_the_file_holds_is_checked(exports: Any, tmp_path: Path, openvino: Any) -> None:
    exports.write(tmp_path / "e", ("openvino",))
    file = tmp_path / "e" / "openvino" / "model.xml"
    text = file.read_text(encoding="utf-8")
    said, turned = (json.dumps(names).replace('"', "&quot;") for names in (CLASSES, CLASSES[::-1]))
    assert said in text
    file.write_text(text.replace(said, turned), encoding="utf-8")
    run = exports.verify(tmp_path / "e", "openvino")["openvino"].runtimes[0]
    assert (run.verified, "the model itself says ['red', 'bright', 'dark']" in run.reason) == ("failed", True)


@pytest.mark.usefixtures("openvino")
def test_openvino_is_imported_without_its_telemetry() -> None:
    told = """
import sys
from evergreen.vision.formats.interchange import openvino_ir
openvino_ir._openvino()
from openvino.tools.ovc import telemetry_utils
print(sys.modules["openvino_telemetry"], telemetry_utils.tm.__name__)
"""
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "None openvino.tools.ovc.telemetry_stub\n"
