"""What lies where a run's run.json would, and is none."""

import json
from typing import Any

from storage.runs import FILE, run_folder
from storage.store import Store


def _foreign(name: str, **other: Any) -> bytes:
    """Return what has a run's names, and other kinds of values."""
    return json.dumps({"id": name, "recipe": "digits", "outcome": "completed", "steps": [], **other}).encode()


# Each in place of a run.json; what else may lie in a folder of runs.
NO_SUMMARIES = {
    "empty": b"",
    "torn": b'{"id": "torn", "recipe": "di',
    "binary": b"\xff\xfe\x00",
    "list": b"[]",
    "number": b"7",
    "deep": b"[" * 100_000,
    "another's": b'{"name": "another\'s", "status": "done"}',
    "copied": b'{"id": "20260101-000000-aaaaaa", "recipe": "digits", "outcome": "completed", "steps": []}',
    "foreign": _foreign("foreign", exports={"a": 1}, settings=[1], metrics=None),
    "tracking": _foreign("tracking", tracking=None),
    "output": _foreign("output", steps=[{"name": "train", "output": {"x": 1}}]),
    "digest": _foreign("digest", steps=[{"name": "train", "output": "../../etc"}]),
    "steps": b'{"id": "steps", "recipe": "digits", "outcome": "completed", "steps": [1]}',
}


def litter(store: Store) -> None:
    """Put every kind of file that is no run's summary where one would lie; they sort as the newest."""
    for name, data in NO_SUMMARIES.items():
        folder = run_folder(store, name)
        folder.mkdir(parents=True)
        (folder / FILE).write_bytes(data)
    (run_folder(store, "folder") / FILE).mkdir(parents=True)
