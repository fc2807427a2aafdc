"""flows.dashboard.failure: why a run failed is shown line for line; outside a flow's run nothing is."""

from types import SimpleNamespace
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
    monkeypatch.setattr(module.FlowRunContext, "get", lambda: SimpleNamespace(flow=None))
    (shown,) = _shown(store, monkeypatch)
    assert shown["key"] == "digits-failure"
    assert shown["markdown"].startswith("# Which is the class")
    assert f"` failed at repair, in store `{store.identity[:12]}` (" in shown["markdown"]
    block = "````text\nBadDataset: which is the class?\n  photos/[1]/```\n  <b>x\\x1b[2J</b>\n````"
    assert f"{block}\n\n## What to do\n\nCorrect the folders" in shown["markdown"]


def test_what_to_do_is_told_in_the_words_of_the_form_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(module, "create_markdown_artifact", lambda **artifact: shown.append(artifact))
    error = "BadRecipe: bad.yaml is not a valid recipe:\n  split.test: too large: --set split.test=0.2"
    for flow in ({"settings": {}, "overrides": {}}, {"overrides": {}}):
        known = SimpleNamespace(parameters=SimpleNamespace(properties=flow))
        monkeypatch.setattr(module.FlowRunContext, "get", lambda known=known: SimpleNamespace(flow=known))
        module.show_refused("recipes/My bad.yaml", error)
    retrain, inspect = (artifact["markdown"] for artifact in shown)
    assert {artifact["key"] for artifact in shown} == {"my-bad-failure"}
    assert "too large: Settings > split > test: 0.2\n```" in retrain
    assert "- `split.test` is **Settings > split > test**\n" in retrain
    assert "too large: Overrides: split.test=0.2\n```" in inspect
    assert "--set" not in retrain + inspect


def test_a_command_for_a_terminal_stays_on_its_line() -> None:
    line = "  in a terminal: evergreen new photos --source /photos" + " --set split.test=0.2" * 4
    assert module._wrapped(f"expected:\n{line}") == f"expected:\n{line}"


def test_where_no_flow_runs_there_is_no_dashboard(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _shown(store, monkeypatch) == []


def test_a_long_line_goes_on_in_the_next_and_a_path_stays_whole() -> None:
    path = "/photos/" + "x" * 80
    assert module._wrapped(
        f"BadInput: expected a zip, a tar or a folder in the place that is named, found none\n  at {path}"
    ) == (
        f"BadInput: expected a zip, a tar or a folder in the place that is named,\n    found none\n  at\n      {path}"
    )
