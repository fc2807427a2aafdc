"""evergreen compare: what a terminal, a program and a browser are given of two runs."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from judged_runs import FIRST, SECOND, leave, write
from pages import pictures_of
from typer.testing import CliRunner, Result

from commands.main import app
from storage.store import Store


@pytest.fixture
def told(store: Store) -> Callable[..., Result]:
    leave(store, "first-1", FIRST)
    leave(store, "second-2", SECOND, seed=8)
    write(store, "failed-3")
    return lambda *arguments: CliRunner().invoke(app, [*arguments, "--store", str(store.root)])


def test_a_terminal_shows_differences_numbers_and_pictures(told: Callable[..., Result]) -> None:
    done = told("compare", "first-1", "second-2")
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in (
        "recipe seed: 7 -> 8",
        "code evergreen.a",
        "libraries numpy 1.1 -> 1.2",
        "test first 50.00% 10.0% to 90.0% 1.0000 4",
        "right alone: the first on 2, the second on 1",
        "b 2 100.0% 0.0% -100.0 -100.0 to -100.0",
        "right before, wrong now: 2",
        "b2.png: b; b 60% -> a 95%",
        "wrong before, right now: 1",
    ):
        assert line in lines, done.stdout
    assert json.loads(told("compare", "first-1", "second-2", "--json").stdout)["together"]["count"] == 4


def test_what_does_not_compare_is_told_and_quiet_is_one_line(told: Callable[..., Result]) -> None:
    assert "note       run failed-3 (failed) did not come to evaluate" in told("compare", "first-1", "failed-3").stdout
    quiet = told("--quiet", "compare", "first-1", "second-2").stdout
    assert (quiet.count("\n"), quiet.startswith("the second is right on 25.0 points fewer")) == (1, True)
    missing = told("compare", "first-1", "third-3")
    assert (missing.exit_code, "received 'third-3'" in missing.stderr) == (2, True)


def test_the_page_stands_alone(told: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    done = told("compare", "first-1", "second-2", "--html", str(path))
    assert done.stdout.endswith(f"page       {path}\n")
    assert "not stored any more" in path.read_text(encoding="utf-8")  # pictures of this store never were
    assert pictures_of(path.read_text(encoding="utf-8")) == []
    for wrong in ("page.txt", "no-such-folder/page.html"):
        assert told("compare", "first-1", "second-2", "--html", str(tmp_path / wrong)).exit_code == 2
