"""A locale that knows ASCII alone, as in small containers: files are UTF-8 all the same, and output is no obstacle."""

import io
import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from command import EVERGREEN, Command
from rich.console import Console

from commands.letters import know_every_letter

RECIPE = """
name: pets
title: Kæt og hünd
source: {local: {path: "pets.zip"}}
repair: {classes: [kæt, hünd]}
train: {backbone: cnn, cnn: [{filters: 4}], phases: [{epochs: 1, learning_rate: 0.01}]}
"""


@pytest.fixture
def ascii_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, png: Callable[..., bytes]) -> Command:
    for name, value in {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}.items():
        monkeypatch.setenv(name, value)
    # Such a Python itself cannot import from a folder whose name has other letters, as this checkout's may have.
    for name, folder in {"python": sys.prefix, "project": Path(__file__).parents[2]}.items():
        (tmp_path / name).symlink_to(folder)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "project"))
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    (tmp_path / "pets.yaml").write_text(RECIPE, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as zipped:
        for number in range(12):
            zipped.writestr(f"fötos/{('kæt', 'hünd')[number % 2]}/{number}ø.png", png(number))
    program = [str(tmp_path / "python" / "bin" / name) for name in ("python", EVERGREEN.name)]
    return Command(tmp_path / "störe", program)


def test_a_plan_is_shown(ascii_only: Command) -> None:
    done = ascii_only("plan", "pets.yaml", "--set", "title=Hünd")
    assert (done.returncode, done.stderr) == (0, "")
    assert "would run" in done.stdout


def test_an_error_with_other_letters_is_shown(ascii_only: Command) -> None:
    done = ascii_only("plan", "pets.yaml", "--set", "repair.clässes=[a]")
    assert done.returncode == 2
    assert "clässes" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_that_knows_fewer_letters_gets_question_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "ascii", "strict", write_through=True))
    know_every_letter()
    Console(file=sys.stdout).print("kæt ✓")
    assert written.getvalue() == b"k?t ?\n"


def test_the_datas_letters_are_shown(ascii_only: Command, prefect_server: str) -> None:
    told = ascii_only("inspect", "pets.yaml", "--json", "--dry-run", server=prefect_server)
    assert told.returncode == 0, told.stderr
    assert {row["label"] for row in json.loads(told.stdout)["renames"]} == {"kæt", "hünd"}
    assert len(list(ascii_only.root.glob("runs/*/run.json"))) == 1
