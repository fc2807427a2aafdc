"""commands.running: what is said in the terminal of a run that failed."""

import io
from contextlib import nullcontext
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import typer
from releases import crown
from rich.console import Console

from commands import running
from commands.options import be_quiet
from evergreen.recipe import load_recipe
from flows.servers import private_server
from runs.run import Entry, Run, listener
from storage.store import Store

RELEASE = "ab" * 32


@pytest.mark.parametrize("quiet", [True, False])
def test_progress_is_not_told_where_it_shall_be_quiet(quiet: bool) -> None:
    out = io.StringIO()

    def told() -> None:
        be_quiet(quiet)
        running.telling(Console(file=out)).print("on the way")

    copy_context().run(told)
    assert out.getvalue() == ("" if quiet else "on the way\n")


@pytest.mark.parametrize("named", [True, False])
def test_what_is_needed_later_is_done_while_a_private_server_starts(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(private_server, "prefect_server", lambda *_: nullcontext(lambda: done.append("answers")))
    server: Any = "http://127.0.0.1:4200/api" if named else None
    with running.on_server(server, tmp_path, None, Console(quiet=True), lambda: done.append("meanwhile")) as ready:
        ready()
    assert done == (["answers"] if named else ["meanwhile", "answers"])  # nothing is waited for where one answers


@pytest.mark.parametrize("crowned", [True, False])
def test_the_terminal_says_so_also_without_a_run_json(
    crowned: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def flow(*_: Any) -> None:
        run = Run.new(Store(tmp_path), load_recipe("digits"))
        hearing = listener.get()
        assert hearing
        hearing.started(run)
        if crowned:
            crown(run.store, RELEASE, run.id)
            run.journal.add(Entry("promote", "ran", "first run"))
        raise OSError("disk full")

    monkeypatch.setattr(running, "_flow", lambda _: flow)
    monkeypatch.setattr(running, "prepare_prefect", lambda *_, **__: None)
    monkeypatch.setattr(running, "on_server", lambda *_: nullcontext(lambda: None))
    arguments = ("retrain", ("digits", None, None), {}, tmp_path, False)
    with pytest.raises(typer.Exit):
        copy_context().run(running.run_flow, *arguments)  # it sets the listener
    said = capfd.readouterr().err
    assert "the run failed: disk full" in said
    assert (f"digits has a new champion all the same: release {RELEASE[:12]}" in said) == crowned
    assert ("evergreen rollback digits" in said) == crowned
