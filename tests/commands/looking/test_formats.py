"""evergreen formats: what is installed, and how the rest is."""

import json
import subprocess
import sys
from typing import get_args

import pytest
from typer.testing import CliRunner

from commands.main import app
from evergreen.sections.release import Format
from evergreen.vision.formats.catalogue import known

NAMES = list(get_args(Format))


def _without(monkeypatch: pytest.MonkeyPatch, *absent: str) -> None:
    monkeypatch.setattr(known, "version_of", lambda name: known.ABSENT if name in absent else "v1.2.3 of that")


def in_browsers(name: str) -> list[str]:
    return [where for where, needs in known.KNOWN[name].runtimes.items() if "chromium" in needs]


def test_every_format_is_listed_with_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "onnxruntime", "npm:onnxruntime-web", "chromium", "openvino")
    done = CliRunner().invoke(app, ["formats"], env={"COLUMNS": "130"})
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert [line.split()[0] for line in lines if line.split()[:1] and line.split()[0] in NAMES] == NAMES
    assert "keras Keras 3, in Python: may also be trained on yes yes" in lines
    assert lines[-3:] == [
        "apt-get install chromium, or install Google Chrome: for "
        + ", ".join(f"{name} in {where}" for name in NAMES for where in in_browsers(name)),
        "make setup EXTRAS=onnx: for onnx in ONNX Runtime, onnx in ONNX Runtime Web, Node",
        "make setup EXTRAS=openvino: for writing openvino, openvino in OpenVINO",
    ]
    assert "onnxruntime absent" in " ".join(lines)
    assert "node 1.2.3" in " ".join(lines)
    assert max(len(line) for line in done.stdout.splitlines()[:-3]) <= 130


def test_a_runtime_that_is_absent_and_not_needed_is_told_beside_the_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "npm:onnxruntime-web")
    done = CliRunner().invoke(app, ["formats"], env={"COLUMNS": "250"})
    assert "EXTRAS=onnx yes yes; not in ONNX Runtime Web, Node" in " ".join(done.stdout.split())


def test_programs_are_told_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch, "openvino")
    told = {one["format"]: one for one in json.loads(CliRunner().invoke(app, ["formats", "--json"]).stdout)}
    assert list(told) == NAMES
    one = told["openvino"]
    assert (one["written_here"], one["extra"], one["remedy"]) == (False, "openvino", "make setup EXTRAS=openvino")
    assert one["versions"]["openvino"] is None
    assert one["proved_by"] == [
        {
            "runtime": "OpenVINO",
            "needs": ["openvino"],
            "needed": True,
            "installed": False,
            "remedy": "make setup EXTRAS=openvino",
        }
    ]
    assert told["onnx"]["written_here"]
    assert told["onnx"]["proved_by"][1] == {
        "runtime": "ONNX Runtime Web, Node",
        "needs": ["node", "npm:onnxruntime-web"],
        "needed": False,
        "installed": True,
    }


def test_where_all_is_there_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _without(monkeypatch)
    assert CliRunner().invoke(app, ["--quiet", "formats"]).stdout == "every format is written and proved here\n"


def test_the_list_starts_nothing() -> None:
    script = (
        "import sys\nfrom commands.main import app\nsys.argv = ['evergreen', 'formats', '--json']\n"
        "try: app(prog_name='evergreen')\nexcept SystemExit: pass\n"
        "print(sorted({'tensorflow', 'keras', 'prefect', 'onnx', 'openvino'} & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
