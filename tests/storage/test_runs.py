"""storage.runs: what a run says of itself, written whole, and read where it is whole."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from no_runs import NO_SUMMARIES, litter

from storage.runs import FILE, read_summary, run_folder, summaries, summary_file, write_summary
from storage.store import Store


def _summary(run_id: str, **more: Any) -> dict[str, Any]:
    return {"id": run_id, "recipe": "digits", "outcome": "completed", "steps": []} | more


def _write(store: Store, summary: dict[str, Any]) -> None:
    run_folder(store, summary["id"]).mkdir(parents=True, exist_ok=True)
    write_summary(store, summary)


def test_what_was_written_is_read_and_the_newest_comes_first(store: Store) -> None:
    first = _summary("20260101-000000-aaaaaa", note="für später")
    second = _summary("20260102-000000-aaaaaa", recipe="other")
    for summary in (first, second):
        _write(store, summary)
    litter(store)
    assert list(summaries(store)) == [second, first]
    assert list(summaries(store, "digits")) == [first]
    assert read_summary(store, first["id"]) == first
    assert {read_summary(store, name) for name in (*NO_SUMMARIES, "folder", "none", "", "../runs")} == {None}


def test_where_a_run_wrote_its_summary_and_words_that_no_run_is_called_by(store: Store) -> None:
    litter(store)
    assert summary_file(store, "torn") == run_folder(store, "torn") / FILE
    for words in ("none", "folder", "", "../runs/torn", "x" * 300, "a\0b", "\ud800"):
        assert (read_summary(store, words), summary_file(store, words)) == (None, None)


def test_it_is_flushed_and_takes_its_place_as_one(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    summary = _summary("20260101-000000-aaaaaa")
    _write(store, summary)
    done: list[str] = []
    replace, fsync = Path.replace, os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: done.append("fsync") or fsync(file))
    monkeypatch.setattr(Path, "replace", lambda path, to: done.append("replace") or replace(path, to))
    write_summary(store, summary | {"outcome": "failed"})
    assert done == ["fsync", "replace", "fsync"]
    folder = run_folder(store, summary["id"])
    assert json.loads((folder / FILE).read_text(encoding="utf-8"))["outcome"] == "failed"
    assert [path.name for path in folder.iterdir()] == [FILE]
