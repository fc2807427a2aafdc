"""tasks.leftovers: what steps left behind and nobody takes up; what may still be taken up stays."""

import json
import os
import time
from pathlib import Path

import pytest

from storage.records import SERIALIZER, Record
from storage.store import Store
from tasks.data.screen import memo_prefix
from tasks.leftovers import ended_trainings, orphans


@pytest.fixture
def old(store: Store) -> Store:
    """A store in which everything was last touched 30 days ago."""
    kept = store.put_blob(b"a download")
    files = {
        f"memos/{memo_prefix()}-50.sqlite": b"",
        "memos/screen-0123456789abcdef01234567-50.sqlite": b"",
        "checkpoints/" + "a" * 64 + "/000001.npz": b"state",
        "downloads/cut.json": json.dumps({"partial": {}}).encode() + b"\n",
        "downloads/cut.part": b"half",
        "downloads/kept.json": json.dumps({"finished": {"label": "v1", "sha256": kept, "size": 10}}).encode() + b"\n",
        "downloads/gone.json": json.dumps({"finished": {"label": "v1", "sha256": "0" * 64, "size": 9}}).encode()
        + b"\n",
        "downloads/torn.json": b"{",
    }
    stamp = time.time() - 30 * 86_400
    for name, data in files.items():
        path = store.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (stamp, stamp))
        os.utime(path.parent, (stamp, stamp))
    return store


def _names(found: dict[str, list[Path]]) -> dict[str, set[str]]:
    return {folder: {path.name for path in paths} for folder, paths in found.items()}


def test_what_may_be_taken_up_again_stays(old: Store) -> None:
    assert _names(orphans(old, 7)) == {
        "checkpoints": {"a" * 64},
        "memos": {"screen-0123456789abcdef01234567-50.sqlite"},
        "downloads": {"cut.json", "cut.part", "gone.json", "torn.json"},
    }


def test_what_was_touched_lately_stays(old: Store) -> None:
    assert _names(orphans(old, 60)) == {"checkpoints": set(), "memos": set(), "downloads": set()}
    os.utime(old.root / "checkpoints" / ("a" * 64) / "000001.npz")
    assert orphans(old, 7)["checkpoints"] == []


def test_checkpoints_of_a_training_whose_model_is_there_are_over_at_once(old: Store) -> None:
    key = "a" * 64
    assert ended_trainings(old) == []
    record = Record("train", key, old.publish("model", {"m": b"1"}), {}, "digits", "run", 1.0, "2026-01-01T00:00:00")
    (old.root / "records").mkdir()
    envelope = {"metadata": {"serializer": {"type": SERIALIZER}}, "result": record.dumps().decode()}
    (old.root / "records" / key).write_text(json.dumps(envelope))
    assert [path.name for path in ended_trainings(old)] == [key]
