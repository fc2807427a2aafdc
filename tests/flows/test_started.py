"""flows.started: what fails beside a run is said, and neither hides how the run ended nor ends it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from evergreen.recipe import load_recipe
from flows import started
from runs.run import Entry, listener
from runs.tables import publish_dataset
from storage.garbage import collect
from storage.runs import summaries
from storage.store import Store


class Heard:
    """Remembers what is said."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def started(self, run: Any) -> None:
        """Hear nothing."""

    def note(self, text: str) -> None:
        """Remember it."""
        self.notes.append(text)


@pytest.fixture
def heard() -> Any:
    hearing = Heard()
    token = listener.set(hearing)  # type: ignore[arg-type]
    yield hearing
    listener.reset(token)


def _fails(*_: object) -> int:
    raise OSError("the cache's disk is gone")


def test_what_fails_beside_a_failed_run_is_said_and_hides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    monkeypatch.setattr(started, "trim_cache", _fails)
    monkeypatch.setattr(started, "finish", _fails)
    with (
        pytest.raises(RuntimeError, match="the true error"),
        started.started(load_recipe("digits"), str(tmp_path / "store")),
    ):
        raise RuntimeError("the true error")
    assert heard.notes == [
        "the caches are not trimmed: OSError: the cache's disk is gone",
        "what the run came to is not written down: OSError: the cache's disk is gone",
    ]


def test_what_fails_beside_a_good_run_fails_it_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, heard: Heard
) -> None:
    monkeypatch.setattr(started, "trim_cache", _fails)
    shown: list[str] = []
    with started.started(
        load_recipe("digits"), str(tmp_path / "store"), show=lambda run, summary: shown.append(summary["outcome"])
    ) as (run, _):
        assert collect(run.store, 1) is None  # while a run goes on, nothing is collected
    assert shown == ["completed"]
    assert [summary["outcome"] for summary in summaries(Store(tmp_path / "store"))] == ["completed"]
    assert heard.notes == ["the caches are not trimmed: OSError: the cache's disk is gone"]
    assert collect(Store(tmp_path / "store"), 1) is not None


def test_what_people_should_know_is_in_the_runs_summary_and_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[str] = []

    class Logger:
        def warning(self, text: str) -> None:
            logged.append(text)

    monkeypatch.setattr(started.FlowRunContext, "get", lambda: SimpleNamespace(flow=None))
    monkeypatch.setattr(started, "get_run_logger", Logger)
    monkeypatch.setattr(started, "name_run", lambda run, summary: None)
    recipe = load_recipe("digits", ["split.group_near_duplicates=true"])
    with started.started(recipe, str(tmp_path / "store"), show=lambda run, summary: None) as (run, summary):
        notes = pd.DataFrame({"note": ["2 groups on several sides"]})
        dataset = publish_dataset(run.store, pd.DataFrame({"path": []}), [], notes=notes)
        run.journal.add(Entry("split", "ran", "first run", output=dataset))
    assert summary["remarks"] == list(recipe.remarks) != []
    assert summary["notes"] == ["2 groups on several sides"]
    assert logged == [*recipe.remarks, *summary["notes"]]
