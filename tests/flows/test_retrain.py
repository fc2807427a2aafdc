"""flows.retrain: its edges are the step table's; a run that fails after promote says that the champion changed."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from releases import crown

from evergreen.fold_steps import DEAL, FOLD, FOLDS, steps_of
from evergreen.steps import STEPS
from evergreen.vision.formats.catalogue import known
from flows import data, folds, started
from flows import retrain as module
from runs.run import Entry, Run
from storage.artifacts import Ref
from storage.champions import Champions


def _home(step: str) -> Any:
    """Return the module of the flow that calls a step."""
    return data if hasattr(data, step) else module


def test_the_flows_edges_equal_the_step_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: dict[str, str] = {}
    called: list[tuple[str, dict[str, str]]] = []

    def fake(name: str) -> Any:
        def task(run: Run, **inputs: Ref) -> Ref:
            called.append((name, {parameter: made[ref.sha256] for parameter, ref in inputs.items()}))
            ref = Ref("x", hashlib.sha256(name.encode()).hexdigest(), 0)
            made[ref.sha256] = name
            return ref

        return task

    for step in STEPS:
        assert getattr(_home(step.name), step.name).step == step
        monkeypatch.setattr(_home(step.name), step.name, fake(step.name))
    summary: dict[str, Any] = {"outcome": "completed", "steps": [], "metrics": {}}
    monkeypatch.setattr(started, "finish", lambda *_: summary)
    monkeypatch.setattr(module, "show_in_dashboard", lambda *_: None)
    module.retrain.fn("digits", None, None, str(tmp_path))
    assert called == [(step.name, step.inputs) for step in STEPS]


def test_folds_come_before_the_exports_and_the_report_takes_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: dict[str, str] = {}
    called: list[tuple[str, dict[str, str]]] = []

    class Fake:
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, run: Run, **inputs: Ref) -> Ref:
            called.append((self.name, {parameter: made[ref.sha256] for parameter, ref in inputs.items()}))
            ref = Ref("x", hashlib.sha256(self.name.encode()).hexdigest(), 0)
            made[ref.sha256] = self.name
            return ref

        def numbered(self, number: int) -> "Fake":
            return Fake(f"{self.name} {number}")

    for step in STEPS:
        monkeypatch.setattr(_home(step.name), step.name, Fake(step.name))
    for name, step in {"deal": DEAL, "fold": FOLD, "pool": FOLDS}.items():
        assert getattr(folds, name).step == step
        monkeypatch.setattr(folds, name, Fake(step.name))
    monkeypatch.setattr(folds, "read_notes", lambda *_: [])
    monkeypatch.setattr(folds, "read_json", lambda *_: {"words": "said"})
    monkeypatch.setattr(folds, "fold_in_words", lambda *_: "said")
    monkeypatch.setattr(started, "finish", lambda *_: {"outcome": "completed", "steps": [], "metrics": {}})
    monkeypatch.setattr(module, "show_in_dashboard", lambda *_: None)
    module.retrain.fn("digits", ["evaluate.folds=2"], None, str(tmp_path))
    assert called == [(step.name, step.inputs) for step in steps_of(2)]
    names = [name for name, _ in called]
    assert names[names.index("baseline") + 1 : names.index("export")] == [
        "deal",
        "fold 1",
        "fold 2",
        "folds",
        "diagnose",
    ]
    assert dict(called)["report"]["folds"] == dict(called)["diagnose"]["folds"] == "folds"


RELEASE = "ab" * 32


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """Steps that do nothing but for ``promote``, which crowns a release; those named here then raise."""
    failing: dict[str, BaseException] = {}

    def fake(name: str) -> Any:
        def task(run: Run, **inputs: Ref) -> Ref:
            if name == "promote":
                crown(run.store, RELEASE, run.id)
            run.journal.add(Entry(name, "failed" if name in failing else "ran", "first run"))
            if name in failing:
                raise failing[name]
            return Ref("x", hashlib.sha256(name.encode()).hexdigest(), 0)

        return task

    for step in STEPS:
        monkeypatch.setattr(_home(step.name), step.name, fake(step.name))
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


def test_a_format_that_cannot_be_written_here_ends_a_run_before_its_first_step(
    steps: dict[str, BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "version_of", lambda name: known.ABSENT if name == "keras" else "1")
    message, summary = _run(tmp_path)
    assert message.startswith("failed: BadInput: export.formats: expected formats that can be written here, received")
    assert (summary["outcome"], summary["steps"]) == ("failed", [])


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


def test_a_run_that_cures_another_says_so_and_how_also_where_it_fails(
    steps: dict[str, BaseException], tmp_path: Path
) -> None:
    steps["train"] = ValueError("the loss is no number")
    noise = {"field": "noise", "changes": ["noise"], "sets": ["augment.noise=40"], "why": "it costs", "further": True}
    cure = {"run": "20260101-000001-abcdef", "sets": noise["sets"], "cures": [noise]}
    module.retrain.fn("digits", ["augment.noise=40"], None, str(tmp_path), None, cure)
    summary = json.loads(next(tmp_path.glob("runs/*/run.json")).read_text(encoding="utf-8"))
    options = {"recipe": "augment:\n  noise: 40", "options": "--set augment.noise=40"}
    assert summary["cure"] == cure | options
    assert summary["settings"]["augment"]["noise"] == 40


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
