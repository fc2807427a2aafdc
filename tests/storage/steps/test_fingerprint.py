"""storage.steps.fingerprint: which code counts, and what of it."""

import ast
from pathlib import Path

import pytest

from storage.steps import fingerprint
from storage.steps.fingerprint import normalised, reachable_code

FILES = {
    "craft/__init__.py": "",
    "craft/core.py": (
        "from craft import helper\nfrom .deep import far\nLIMIT = 3\ndef work(n=1):\n    return helper.help(n)\n"
    ),
    "craft/helper.py": "def help(n):\n    import craft.late\n    return craft.late.x\n",
    "craft/late.py": "x = 1\n",
    "craft/deep/__init__.py": "",
    "craft/deep/far.py": "from ..helper import help\n",
    "craft/other.py": "y = 2\n",
    "craft/typed.py": "z = 3\n",
    "left/out.py": "v = 1\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def _code(project: Path) -> dict[str, str]:
    return reachable_code("craft.core:work", project, ("craft", "left"), ("left",))


def test_everything_reachable_counts_and_nothing_else(project: Path) -> None:
    reached = {"craft", "craft.core", "craft.helper", "craft.late", "craft.deep", "craft.deep.far"}
    assert set(_code(project)) == reached


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("craft/core.py", "LIMIT = 3", "LIMIT = 4"),
        ("craft/core.py", "n=1", "n=2"),
        ("craft/core.py", "def work", "@staticmethod\ndef work"),
        ("craft/helper.py", "craft.late.x", "craft.late.x + 1"),
        ("craft/late.py", "x = 1", "x = 2"),
        ("craft/deep/far.py", "import help", "import help as h"),
    ],
)
def test_a_change_that_can_matter_changes_the_fingerprint(project: Path, file: str, old: str, new: str) -> None:
    before = _code(project)
    (project / file).write_text(FILES[file].replace(old, new))
    assert _code(project) != before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("craft/core.py", '"""A docstring."""\n# a comment\n' + FILES["craft/core.py"].replace("n=1", "n: int = 1")),
        ("craft/core.py", FILES["craft/core.py"].replace("(n=1)", "(n = 1) -> int").replace("\n", "\n\n")),
        (
            "craft/core.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from craft import typed\n"
            + FILES["craft/core.py"],
        ),
        ("craft/other.py", "y = 99\n"),
        ("left/out.py", "v = 99\n"),
    ],
)
def test_a_change_that_cannot_matter_does_not(project: Path, file: str, text: str) -> None:
    if "TYPE_CHECKING" in text:
        (project / file).write_text(text.replace("from craft import typed", "import os"))
    before = _code(project)
    (project / file).write_text(text)
    assert _code(project) == before


def test_a_field_without_a_default_still_counts() -> None:
    one, two = "class A:\n    x: int\n", "class A:\n    x: int\n    y: int\n"
    assert normalised(one) != normalised(two)
    assert normalised(one) == normalised(one.replace("int", "float"))


def test_a_core_that_does_not_exist_is_an_error(project: Path) -> None:
    with pytest.raises(LookupError, match=r"craft\.nowhere"):
        reachable_code("craft.nowhere:work", project, ("craft",))


def test_a_parser_that_lost_count_is_asked_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of() -> tuple[dict[str, str], str]:
        fingerprint._read.cache_clear()
        return reachable_code("craft.core:work", project, ("craft",)), normalised(FILES["craft/core.py"])

    expected, parse, calls = all_of(), ast.parse, []

    def flaky(source: str) -> ast.Module:
        calls.append(source)
        if len(calls) % 2:
            raise SystemError("AST constructor recursion depth mismatch (before=62, after=55)")
        return parse(source)

    monkeypatch.setattr("storage.steps.fingerprint.ast.parse", flaky)
    assert all_of() == expected
    assert len(calls) == 2 * (len(expected[0]) + 1)
