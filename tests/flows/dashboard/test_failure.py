"""flows.dashboard.failure: why a run failed is shown line for line; outside a flow's run nothing is."""

from typing import Any

import pytest

from evergreen.recipe import load_recipe
from flows.dashboard import failure as module
from runs.run import Run
from storage.store import Store

SUMMARY: dict[str, Any] = {
    "error": "BadDataset: which is the class?\n  photos/[1]/```\n  <b>x\x1b[2J</b>",
    "steps": [{"name": "unpack", "state": "ran"}, {"name": "repair", "state": "failed"}],
    "labels": None,
}


def _shown(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(module, "create_markdown_artifact", lambda **artifact: shown.append(artifact))
    module.show_failure(Run.new(store, load_recipe("digits")), SUMMARY)
    return shown


def test_lines_stay_lines_and_nothing_in_them_is_markdown(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.FlowRunContext, "get", lambda: object())
    (shown,) = _shown(store, monkeypatch)
    assert shown["key"] == "digits-failure"
    assert shown["markdown"].startswith("# Failed at repair\n\nRun `")
    block = "````text\nBadDataset: which is the class?\n  photos/[1]/```\n  <b>x\\x1b[2J</b>\n````"
    assert shown["markdown"].endswith(block)


def test_where_no_flow_runs_there_is_no_dashboard(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _shown(store, monkeypatch) == []
