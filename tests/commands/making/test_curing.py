"""commands.making.curing: what is set is said first, nothing runs in vain, and before and after stand side by side."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from curing_runs import DIGITS, ended, row
from rich.console import Console
from typer.testing import CliRunner

from commands.main import app
from commands.making import retrain
from commands.making.curing import show_cured
from runs.curing.beside import cured
from runs.curing.choosing import chosen
from storage.runs import read_summary
from storage.store import Store


def _called(store: Store, *options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["retrain", "digits", "--cure", "--store", str(store.root), *options])
    return done.exit_code, done.stdout, done.stderr


def test_without_a_run_it_is_said_what_comes_first(store: Store) -> None:
    code, out, err = _called(store)
    assert (code, out) == (2, "")
    assert err.endswith("found none\n    try: evergreen retrain digits\n")


def test_where_nothing_leans_nothing_runs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise AssertionError("it ran")

    monkeypatch.setattr(retrain, "run_flow", refused)
    monkeypatch.setattr(retrain, "_reuse_everything", refused)
    run = ended(store, 1, DIGITS, [row("noise", 0.01)])
    code, out, _ = _called(store)
    assert (code, out.splitlines()[0].partition(": ")[0]) == (0, f"nothing to cure in run {run}")
    code, out, _ = _called(store, "--json")
    told = json.loads(out)
    assert (code, told["recipe"], told["cure"]["run"], told["cure"]["sets"]) == (0, "digits", run, [])
    assert told["cure"]["words"].startswith("No change that was tried costs over 5 points")


def test_the_flow_gets_the_fields_above_what_was_typed_and_whose_cure_it_is(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def flow(name: str, arguments: tuple[Any, ...], options: dict[str, Any], *_: Any) -> tuple[dict[str, Any], int]:
        given.extend((name, arguments, options))
        raise typer.Exit(7)

    monkeypatch.setattr(retrain, "run_flow", flow)
    monkeypatch.setattr(retrain, "_reuse_everything", lambda *_: None)
    run = ended(store, 1, DIGITS, [row("noise"), row("darker")])
    code, _, err = _called(store, "--set", "augment.noise=3")
    assert code == 7
    name, (recipe, overrides, source), options = given
    assert (name, recipe, source) == ("retrain", "digits", None)
    assert overrides == ["augment.noise=3", "augment.noise=40", "augment.brightness=[0.6, 1.4]"]
    assert (options["cure"]["run"], options["cure"]["sets"]) == (run, overrides[1:])
    assert f"cure of run {run}: " in err
    assert "  --set augment.noise=40  (noise costs 30.0 points (29.0 to 31.0))" in err


def test_before_and_after_stand_side_by_side_and_the_lines_to_add_below(store: Store, tmp_path: Path) -> None:
    ended(store, 1, DIGITS, [row("noise"), row("[b]old[/b]")])
    noted = chosen(DIGITS, store).as_json()
    after = read_summary(store, ended(store, 2, DIGITS, [row("noise", 0.02), row("grey", None)]))
    assert after
    summary: dict[str, Any] = {"metrics": {}, "exports": [], "comparison": None, "decision": None, **after}
    out = io.StringIO()
    show_cured(Console(file=out, width=200), summary | {"cure": cured(store, noted, after)}, tmp_path)
    lines = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert "points lost to before after right" in lines
    assert "noise 30.0 (29.0 to 31.0) 2.0 (1.0 to 3.0) 65.0% -> 93.0%" in lines
    assert "[b]old[/b] 30.0 (29.0 to 31.0) not measured 65.0% -> ?" in lines
    assert "grey not measured not measured ? -> ?" in lines
    assert lines[-3:] == ["augment:", "noise: 40", "or as options: --set augment.noise=40"]
    short = io.StringIO()
    show_cured(Console(file=short), summary | {"cure": cured(store, noted, {"shortcuts": {}})}, tmp_path)
    assert "points lost" not in short.getvalue()
    assert "noise: 40" in short.getvalue()
