"""evergreen.vision.formats.catalogue.known: what a format lacks is said with how it is installed."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from evergreen.errors import BadInput
from evergreen.steps import BY_NAME
from evergreen.vision.formats.catalogue import known
from evergreen.vision.formats.catalogue.known import KNOWN, refuse_absent

PROJECT = Path(__file__).resolve().parents[5]
ABOUT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _without(monkeypatch: pytest.MonkeyPatch, *absent: str) -> None:
    monkeypatch.setattr(known, "version_of", lambda name: known.ABSENT if name in absent else "1")


def test_a_format_that_cannot_be_written_here_is_refused_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "tf2onnx", "openvino")
    refuse_absent(["savedmodel", "tfjs"])
    with pytest.raises(BadInput) as refused:
        refuse_absent(["savedmodel", "onnx", "tfjs", "openvino"])
    assert str(refused.value) == (
        "export.formats: expected formats that can be written here, received onnx, openvino, which cannot: onnx needs "
        'tf2onnx; openvino needs openvino; make setup EXTRAS="onnx openvino" (or pip install -r requirements-onnx.lock '
        "-r requirements-openvino.lock) installs it, or write the others alone\n"
        "    try: --set 'export.formats=[savedmodel, tfjs]'"
    )
    with pytest.raises(BadInput) as refused:
        refuse_absent(["onnx"])
    assert "try:" not in str(refused.value)  # there is no other one to write


def test_a_runtime_that_only_proves_is_not_needed_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "onnxruntime", "node", "npm:onnxruntime-web")
    refuse_absent(["onnx"])
    row = KNOWN["onnx"]
    absent = row.absent(row.runtimes["ONNX Runtime Web, Node"])
    assert absent == ["node", "npm:onnxruntime-web"]
    assert row.remedy(absent) == "install Node.js 18 or newer; make setup EXTRAS=onnx"
    assert row.versions()["onnxruntime"] == "absent"


def test_what_a_format_needs_is_installed_by_what_it_names() -> None:
    extras = {
        name: {Requirement(line).name for line in lines} for name, lines in ABOUT["optional-dependencies"].items()
    }
    always = {Requirement(line).name for line in ABOUT["dependencies"]}
    for row in KNOWN.values():
        needed = {name for name in row.versions() if not name.startswith("npm:")} - {"node", "chromium"}
        for name in needed - always:
            assert name in extras[row.remedy([name]).rpartition("EXTRAS=")[2]]


def test_keys_hold_what_a_format_needs_beside_the_rest() -> None:
    export, verify = BY_NAME["export"], BY_NAME["verify"]
    for row in KNOWN.values():
        assert set(row.writers) <= {*export.libraries, *export.formats.get(row.name, ())}
        opened = {name for names in row.runtimes.values() for name in names}
        assert opened <= {*verify.libraries, *verify.formats.get(row.name, ())}
