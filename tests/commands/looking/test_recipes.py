"""evergreen recipes: names, titles and sources below the folder that they lie in."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands.main import app
from evergreen.recipe_files import RECIPES


def test_they_are_listed_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "torn.yaml").write_text("name: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["recipes"], env={"COLUMNS": "80"})
    own, ours, sweeps = done.stdout.replace(f"{RECIPES}/sweeps/\n", f"{RECIPES}/\n").split(f"{RECIPES}/\n")
    assert own.startswith(f"{tmp_path / 'recipes'}/\n")
    assert "cannot be read as YAML" in " ".join(own.split())
    lines = [" ".join(line.split()) for line in ours.splitlines()]
    assert lines[lines.index("digits Handwritten digits, embedded") + 1] == "embedded digits"
    assert max(len(line) for line in done.stdout.splitlines() if not line.endswith("/")) <= 80  # but folders, whole
    said = " ".join(sweeps.split())
    assert said.startswith(
        "sweep title, and what is tried of which recipe digits Heads and learning rates of the digits' CNN"
    )
    assert "tsel: magnitude 0.05..0.5:0.05" in said
    told = json.loads(CliRunner().invoke(app, ["recipes", "--json"]).stdout)
    assert [one["name"] for one in told if one["source"] == "embedded digits"] == ["digits"]
    assert [one["kind"] for one in told if one["name"] == "digits"] == ["recipe", "sweep"]
