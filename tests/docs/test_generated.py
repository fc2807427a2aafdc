"""The generated documents are what the code says; `make docs` writes them."""

import importlib.util
from pathlib import Path

from typer.testing import CliRunner

from commands.upkeep.schema import app

PROJECT = Path(__file__).resolve().parents[2]


def test_generated_documents_are_current() -> None:
    spec = importlib.util.spec_from_file_location("generate", PROJECT / "docs" / "generate.py")
    assert spec and spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    for path, text in generate.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is stale: run make docs"


def test_make_help_and_readme_name_real_targets() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    readme = (PROJECT / "README.md").read_text()
    first_screen = "\n".join(readme.splitlines()[:30])
    assert "evergreen new" in first_screen
    assert "make retrain" in first_screen
    assert "make test" in first_screen
    for word in ("retrain", "test", "soak", "lint", "dashboard", "help", "docs"):
        assert f"\n{word}:" in makefile


def test_the_command_prints_the_schemas_that_editors_read() -> None:
    for option, name in (([], "recipe"), (["--sweep"], "sweep")):
        printed = CliRunner().invoke(app, option).output
        assert printed == (PROJECT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8")
