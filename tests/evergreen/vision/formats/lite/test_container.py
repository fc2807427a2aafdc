"""evergreen.vision.formats.lite.container: a model with metadata is the same model, with its weights where they lay."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evergreen.errors import ExportRefused
from evergreen.vision.formats.lite import container


@pytest.fixture(params=["tflite-float32", "tflite-int8"])
def file(request: pytest.FixtureRequest, exports: Any, tmp_path: Path) -> Path:
    """A model of ours, which has metadata already, in a file that may be changed."""
    copy = tmp_path / "model.tflite"
    shutil.copyfile(exports.folder / request.param / "model.tflite", copy)
    return copy


def _weights(model: bytes) -> list[tuple[int, bytes]]:
    """Return where each buffer of a model lies, and what it holds."""
    from ai_edge_litert import schema_py_generated as schema

    found = schema.Model.GetRootAs(model, 0)
    buffers = [found.Buffers(index) for index in range(found.BuffersLength())]
    held = [one for one in buffers if not one.DataIsNone()]
    return [(one._tab.Vector(one._tab.Offset(4)), bytes(one.DataAsNumpy())) for one in held]


def _answers(model: bytes, images: np.ndarray) -> np.ndarray:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    runner = interpreter.get_signature_runner()
    kind = interpreter.get_input_details()[0]["dtype"]
    return np.concatenate([runner(image=image[None].astype(kind))["scores"] for image in images])


def test_one_more_value_moves_no_weight_out_of_line_and_changes_no_answer(file: Path, batch: np.ndarray) -> None:
    before = file.read_bytes()
    value = bytes(range(251))
    after = container.with_metadata(before, "OURS", value)
    assert container.metadata(after, "OURS") == value
    assert container.metadata(after, "TFLITE_METADATA") == container.metadata(before, "TFLITE_METADATA")
    assert container.metadata(after, "NOT THERE") is None
    old, new = _weights(before), _weights(after)
    assert [data for _, data in new] == [data for _, data in old] + [value]
    (moved,) = {there - here for (here, _), (there, _) in zip(old, new, strict=False)}
    assert (moved % 16, new[-1][0] % 16) == (0, 0)
    assert len(after) - len(before) < 251 + 1000
    assert (_answers(after, batch) == _answers(before, batch)).all()


def test_the_same_name_twice_and_what_is_no_model_are_refused(file: Path) -> None:
    with pytest.raises(ExportRefused, match="without metadata 'TFLITE_METADATA', it has some"):
        container.with_metadata(file.read_bytes(), "TFLITE_METADATA", b"")
    for data in (b"", b"not a model at all", bytes(64)):
        with pytest.raises(ExportRefused, match="expected a TFLite model"):
            container.metadata(data, "OURS")


def test_a_model_with_fields_of_a_newer_schema_is_refused(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(container, "_FIELDS", 6)
    with pytest.raises(ExportRefused, match="a newer schema"):
        container.with_metadata(file.read_bytes(), "OURS", b"1")


def test_files_behind_it_are_stored_as_they_are_and_the_same_each_time(exports: Any, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(b"a model")
        container.add_files(tmp_path / name, {"labels.txt": b"a\nb\n"})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert (tmp_path / "one").read_bytes().startswith(b"a model")
    assert b"a\nb\n" in (tmp_path / "one").read_bytes()  # readers map it, so it is not compressed
    assert container.files_of(tmp_path / "one") == {"labels.txt": b"a\nb\n"}
    (tmp_path / "none").write_bytes(b"a model")
    assert container.files_of(tmp_path / "none") == {}
