"""What `evergreen` alone shows: the newest run, champions, and a next step that fits them."""

import pytest
from judged_runs import FIRST, leave, write
from releases import crown
from typer.main import get_command
from typer.testing import CliRunner

from commands.looking import standing
from commands.main import app
from runs.looking.listing import Row
from storage.runs import read_summary, write_summary
from storage.store import Store


def _said(store: Store) -> str:
    done = CliRunner().invoke(app, [], env={"EVERGREEN_STORE": str(store.root)})
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


def test_it_says_where_one_stands(store: Store) -> None:
    run = leave(store, "20260101-000000-abcdef", FIRST)
    assert f"newest run {run}: digits completed, test accuracy 50.0%, 2026-01-01 champions none yet" in _said(store)
    summary = read_summary(store, run)
    assert summary
    write_summary(store, summary | {"steps": [*summary["steps"], {"name": "bundle", "output": "a" * 64}]})
    crown(store, "a" * 64, run)
    said = _said(store)
    assert "test accuracy 50.0%, champion, " in said
    assert f"champions digits {'a' * 12} next step evergreen predict photo.jpg" in said
    write(store, "20260102-000000-abcdef")
    assert "abcdef: digits failed, 2026-01-02" in _said(store)


def test_folds_that_were_stopped_go_on_as_folds(store: Store) -> None:
    run = write(store, "20260102-000000-abcdef")
    assert "next step evergreen retrain digits goes on" in _said(store)
    summary = read_summary(store, run)
    assert summary
    for steps, command in ((["split", "deal", "fold 1"], "folds"), (["train", "deal", "fold 1"], "retrain")):
        write_summary(store, summary | {"steps": [{"name": name, "output": None} for name in steps]})
        assert f"next step evergreen {command} digits goes on" in _said(store)


@pytest.mark.parametrize("outcome", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("mark", ["champion", "earlier", ""])
def test_each_next_step_is_a_command(outcome: str, mark: str) -> None:
    row = Row("1", "", "digits", outcome, mark=mark)  # type: ignore[arg-type]
    for line, what in (*standing._next(row), *standing._next(None)):
        evergreen, name, *rest = line.split()
        assert (evergreen, bool(what)) == ("evergreen", True)
        command = get_command(app).commands[name]  # type: ignore[attr-defined]
        assert command.make_context(name, rest).command is command
