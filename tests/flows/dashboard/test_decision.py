"""flows.dashboard.decision: what became of a run is its heading; a bar in a name breaks no table."""

from typing import Any

import pytest

from evergreen.recipe import load_recipe
from flows.dashboard import decision as module
from runs.run import Entry, Run, State
from storage.store import Store


def _shown(store: Store, monkeypatch: pytest.MonkeyPatch, decision: dict[str, Any] | None, **states: State) -> str:
    shown: list[dict[str, str]] = []
    monkeypatch.setattr(module, "create_markdown_artifact", lambda **artifact: shown.append(artifact))
    run = Run.new(store, load_recipe("digits"))
    run.journal.decision = decision
    for name, state in states.items():
        run.journal.add(Entry(name, state, "why"))
    module.show_decision(run)
    assert [artifact["key"] for artifact in shown] == ["digits-decision"] * len(shown)
    return "".join(artifact["markdown"] for artifact in shown)


@pytest.mark.parametrize(
    ("retrain", "states", "heading"),
    [
        (False, {"split": "ran"}, "# Not retrained\n"),
        (True, {"train": "ran"}, "# Retrained\n"),
        (True, {"train": "reused", "export": "ran"}, "# Same model\n"),
        (True, {"train": "reused", "export": "reused"}, "# Nothing changed\n"),
    ],
)
def test_the_heading_says_what_became_of_it(
    store: Store, monkeypatch: pytest.MonkeyPatch, retrain: bool, states: dict[str, State], heading: str
) -> None:
    assert _shown(store, monkeypatch, {"retrain": retrain, "reason": "why"}, **states).startswith(heading)


def test_changes_are_rows_and_without_a_decision_nothing_is_shown(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = _shown(
        store,
        monkeypatch,
        {"retrain": True, "reason": "why", "changes": {"source": "a|b"}, "compared_with": "run-1", "age_days": 2.5},
    )
    assert r"| source | a\|b |" in said
    assert "Since run `run-1`, whose model is 2.5 days old:" in said
    assert _shown(store, monkeypatch, None) == ""
