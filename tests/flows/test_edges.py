"""flows.retrain: the flow's real edges are the step table's."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from evergreen.steps import STEPS
from flows import retrain as module
from flows import started
from runs.run import Run
from storage.artifacts import Ref


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
        assert getattr(module, step.name).step == step
        monkeypatch.setattr(module, step.name, fake(step.name))
    summary: dict[str, Any] = {"outcome": "completed", "steps": [], "metrics": {}}
    monkeypatch.setattr(started, "finish", lambda *_: summary)
    monkeypatch.setattr(module, "show_in_dashboard", lambda *_: None)
    module.retrain.fn("digits", None, None, str(tmp_path))
    assert called == [(step.name, step.inputs) for step in STEPS]
