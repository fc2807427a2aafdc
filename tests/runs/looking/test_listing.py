"""runs.looking.listing: a row a run, the newest first; what a run did not come to is left out, and litter is no run."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from no_runs import litter

from evergreen.errors import BadInput
from runs.looking.listing import ago, began, listed, newest
from storage.champions import Champions, Event
from storage.runs import write_summary
from storage.store import Store

METRICS = {"accuracy": 0.9, "accuracy_low": 0.8, "accuracy_high": 0.95, "count": 50}


def leave(store: Store, second: int, **said: Any) -> str:
    """Leave a run's run.json, and return its id."""
    run = f"20260102-0304{second:02d}-abcdef"
    summary = {"id": run, "recipe": "digits", "outcome": "completed", "steps": []} | said
    (store.root / "runs" / run).mkdir(parents=True)
    write_summary(store, summary)
    return run


def _bundled(digit: str) -> list[dict[str, Any]]:
    return [{"name": "bundle", "output": digit * 64}]


def test_the_newest_come_first_with_what_each_came_to(store: Store) -> None:
    first = leave(store, 1, metrics={"test": METRICS, "train": {}}, steps=_bundled("a"))
    second = leave(store, 2, metrics={"validation": METRICS}, steps=_bundled("b"))
    leave(store, 3, outcome="failed", error="SourceGone: not there\nsecond line")
    leave(store, 4, outcome="cross-validated", folds=METRICS | {"folds": 5}, recipe="other")
    leave(store, 5, outcome="inspected", metrics={})
    litter(store)
    champions = Champions(store.root)
    for release, run in (("a", first), ("b", second)):
        event = Event("promoted", release * 64, release * 64, "better", run)
        champions.commit("digits", champions.state("digits"), event)
    found = listed(store, None, 3)
    assert [(row.outcome, row.recipe) for row in found.rows] == [
        ("inspected", "digits"), ("cross-validated", "other"), ("failed", "digits"),
    ]  # fmt: skip
    assert found.more == 2
    assert [(row.split, row.accuracy, row.mark) for row in listed(store, None, 9).rows] == [
        ("", None, ""), ("folds", 0.9, ""), ("", None, ""), ("validation", 0.9, "champion"), ("test", 0.9, "earlier"),
    ]  # fmt: skip
    row = listed(store, "digits", 4).rows[-1]
    assert row.as_json() == {
        "id": first, "began": "2026-01-02T03:04:01+00:00", "recipe": "digits", "outcome": "completed", "split": "test",
        "accuracy": 0.9, "interval": [0.8, 0.95], "images": 50, "error": "", "release": "a" * 64, "mark": "earlier",
        "trials": "", "command": "retrain",
    }  # fmt: skip
    assert listed(store, "digits", 9).rows[1].error == "SourceGone: not there"
    assert [summary["outcome"] for summary in newest(store)][:2] == ["cross-validated", "failed"]
    with pytest.raises(BadInput, match="digits, other; received 'cats'"):
        listed(store, "cats", 9)


def test_a_sweep_says_how_many_of_its_trials_have_ended(store: Store) -> None:
    said = {"planned": 4, "val_accuracy": 0.9, "validation": 50}
    for second, trials in enumerate(
        ({"trained": 1, "reused": 1, "pruned": 1, "failed": 1}, {"trained": 1, "running": 2})
    ):
        leave(store, second, outcome="swept", sweep=said | {"trials": trials})
    rows = listed(store, None, 9).rows
    assert [(row.trials, row.split, row.command) for row in rows] == [
        ("1 of 4 trials", "validation", "sweep"), ("4 trials", "validation", "sweep"),
    ]  # fmt: skip
    leave(store, 2, outcome="failed", flow="sweep")  # before its first trial
    assert [(row.trials, row.command) for row in listed(store, None, 1).rows] == [("", "sweep")]


def test_when_is_told_in_words() -> None:
    now = datetime(2026, 1, 20, 12, tzinfo=UTC)
    told = {
        seconds: ago((now - timedelta(seconds=seconds)).isoformat(), now) for seconds in (5, 90, 7200, 90_000, 260_000)
    }
    assert list(told.values()) == ["just now", "1 min ago", "2 h ago", "1 day ago", "3 days ago"]
    assert ago("2026-01-02T03:04:01+00:00", now) == "2026-01-02"
    assert (ago(""), began("no-time-at-all-here")) == ("", "")
