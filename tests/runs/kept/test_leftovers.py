"""runs.kept.leftovers: what steps left behind and nobody takes up; what may still be taken up stays."""

import json
import os
import time
from pathlib import Path

import pytest

from runs.kept.caches import kinds_memo, memo_prefix
from runs.kept.leftovers import orphans
from storage.store import Store


@pytest.fixture
def old(store: Store) -> Store:
    """A store in which everything was last touched 30 days ago."""
    kept = store.put_blob(b"a download")
    files = {
        f"memos/{memo_prefix()}-50.sqlite": b"",
        f"memos/{kinds_memo()}.sqlite": b"",
        "memos/kinds-0123456789abcdef01234567.sqlite": b"",
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
        "memos": {"kinds-0123456789abcdef01234567.sqlite", "screen-0123456789abcdef01234567-50.sqlite"},
        "downloads": {"cut.json", "cut.part", "gone.json", "torn.json"},
    }


def test_what_was_touched_lately_stays(old: Store) -> None:
    assert _names(orphans(old, 60)) == {"checkpoints": set(), "memos": set(), "downloads": set()}
    os.utime(old.root / "checkpoints" / ("a" * 64) / "000001.npz")
    assert orphans(old, 7)["checkpoints"] == []
