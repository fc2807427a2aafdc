"""flows.retrain: a report that fails leaves the champion; a run that fails after promote says that it changed."""

import hashlib
import json
from contextlib import nullcontext
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest
import typer

from commands import running
from evergreen.recipe import load_recipe
from evergreen.steps import STEPS
from flows import retrain as module
from flows import started
from runs.run import Entry, Run, listener
from storage.artifacts import Ref
from storage.champions import Champions, Event
from storage.store import Store

RELEASE = "ab" * 32


def _crown(run: Run) -> None:
    champions = Champions(run.store.root)
    champions.commit("digits", champions.state("digits"), Event("promoted", RELEASE, "cd" * 32, "better", run.id))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """Steps that do nothing but for ``promote``, which crowns a release; those named here then raise."""
    failing: dict[str, BaseException] = {}

    def fake(name: str) -> Any:
        def task(run: Run, **inputs: Ref) -> Ref:
            if name == "promote":
                _crown(run)
            run.journal.add(Entry(name, "failed" if name in failing else "ran", "first run"))
            if name in failing:
                raise failing[name]
            return Ref("x", hashlib.sha256(name.encode()).hexdigest(), 0)

        return task

    for step in STEPS:
        monkeypatch.setattr(module, step.name, fake(step.name))
    return failing


def _run(root: Path) -> tuple[str, dict[str, Any]]:
    state: Any = module.retrain.fn("digits", None, None, str(root))
    return state.message, json.loads(next(root.glob("runs/*/run.json")).read_text(encoding="utf-8"))


def test_a_report_that_fails_leaves_the_champion(steps: dict[str, BaseException], tmp_path: Path) -> None:
    steps["report"] = ValueError("invalid literal")
    message, summary = _run(tmp_path)
    assert message == "failed at report: ValueError: invalid literal"
    assert (summary["outcome"], summary["promoted"]) == ("failed", None)
    assert Champions(tmp_path).current("digits") is None


def test_what_fails_once_the_champion_changed_says_so(
    steps: dict[str, BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_dashboard(*_: Any) -> None:
        raise ConnectionError("no server")

    monkeypatch.setattr(module, "show_in_dashboard", no_dashboard)
    message, summary = _run(tmp_path)
    assert message == "failed, but the champion changed: ConnectionError: no server"
    assert (summary["outcome"], summary["promoted"]) == ("failed", RELEASE)
    assert summary["error"] == "ConnectionError: no server"


def test_a_promote_that_fails_after_it_wrote_says_so(steps: dict[str, BaseException], tmp_path: Path) -> None:
    steps["promote"] = OSError("disk full")
    message, summary = _run(tmp_path)
    assert message == "failed at promote, but the champion changed: OSError: disk full"
    assert summary["promoted"] == RELEASE


def test_a_folder_that_cannot_be_written_does_not_hide_why_the_run_failed(
    steps: dict[str, BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError("disk full")

    steps["train"] = ValueError("the loss is no number")
    monkeypatch.setattr(started, "finish", full)
    state: Any = module.retrain.fn("digits", None, None, str(tmp_path))
    assert state.message == "failed at train: ValueError: the loss is no number"


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
            _crown(run)
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
    assert ("digits has a new champion all the same: release abababababab" in said) == crowned
    assert ("evergreen rollback digits" in said) == crowned
