"""Step records: for one key, the artifact that the step returned.

One JSON file a record, named by the key. The orchestrator that writes it wraps ours in an envelope,
``{"result": "<our JSON>", ...}``; only ``result`` is read here. A record that is torn, foreign, or whose artifact is
missing or damaged is a miss, never an error.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storage import disk
from storage.artifacts import Ref
from storage.digests import canonical_json, checked_digest
from storage.errors import StoreError
from storage.steps.keys import KeyParts
from storage.store import Store

# The only way of writing that is trusted; an envelope that names another (a pickle, say) is foreign.
SERIALIZER = "evergreen-record"
_DAY = 86_400.0


@dataclass(frozen=True)
class Record:
    """What one execution of a step left behind.

    Attributes:
        step: the step's name.
        key: the step key; also the digest of the blob that holds the key's parts.
        output: the artifact that the step published.
        inputs: upstream step -> digest of the whole artifact that it was given.
        recipe: name of the recipe for which it ran first.
        run: id of the run that executed it.
        seconds: wall time of the step's body.
        finished: UTC time, ISO 8601.
        settings: what the recipe had where the step reads it, defaults written out; empty in records of 0.1, whose
            keys hold just that.
        measured: what the step found of the machine and the moment (times), which is no part of its output.
    """

    step: str
    key: str
    output: Ref
    inputs: dict[str, str]
    recipe: str
    run: str
    seconds: float
    finished: str
    settings: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)

    def dumps(self) -> bytes:
        """Return the record as JSON."""
        return canonical_json(self.__dict__ | {"output": self.output.as_json()})

    @classmethod
    def loads(cls, data: bytes | str) -> "Record":
        """Read what ``dumps`` wrote.

        Raises:
            ValueError, KeyError, TypeError, BadReference: it is something else.
        """
        value: dict[str, Any] = json.loads(data)
        return cls(**value | {"output": Ref.from_json(value["output"])})


class Records:
    """The records of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.folder = store.root / "records"
        # Parsed records, trusted while the file's stamp stays: a run asks for all of them once a step that must run.
        self._parsed: dict[str, tuple[tuple[int, int, int], Record | None]] = {}

    def path(self, key: str) -> Path:
        """Return where the record of that key lies, or would lie."""
        return self.folder / checked_digest(key)

    def read(self, key: str) -> Record | None:
        """Return the record of that key if it can be relied on: readable, of that key, and its artifact whole."""
        record = self._parse(self.path(key)) or self._brought(key)
        if record is None or record.key != key or not self._store.is_whole(record.output):
            return None
        self._touch(self.path(key))
        return record

    def kept(self, key: str) -> Record | None:
        """Return the record of that key that is here, if it is readable and of that key; nothing else is checked."""
        record = self._parse(self.path(key))
        return record if record and record.key == key else None

    def _brought(self, key: str) -> Record | None:
        """Bring a record, and keep it if it can be relied on."""
        behind = self._store.behind
        data = behind.record(key) if behind else None
        if behind is None or data is None:
            return None
        record = _parsed(data)
        if record is None or record.key != key:
            behind.refuse(f"records/{key}", "expected the record of that key, found something else")
            return None
        if not self._store.is_whole(record.output):
            return None
        with disk.explained(self._store.root):
            self.folder.mkdir(parents=True, exist_ok=True)
            disk.replace(self.path(key), data)
        return record

    def discard_unreliable(self, key: str) -> None:
        """Remove a record that ``read`` refuses, so that nothing less careful reads it."""
        if self.path(key).exists() and self.read(key) is None:
            self.path(key).unlink(missing_ok=True)

    def all(self, step: str | None = None) -> Iterator[Record]:
        """Yield every readable record (of one step), newest first; their artifacts are not checked."""
        paths = self.folder.glob("*") if self.folder.is_dir() else iter(())
        records = [record for path in paths if (record := self._parse(path)) and step in (None, record.step)]
        yield from sorted(records, key=lambda record: record.finished, reverse=True)

    def parts(self, record: Record) -> KeyParts | None:
        """Return the parts of a record's key, or None if they are no longer stored."""
        try:
            return KeyParts.parse(self._store.read_blob(record.key))
        except StoreError:
            return None

    def _touch(self, path: Path) -> None:
        """Note, once a day, that a record is relied on: what was used lately is no garbage."""
        with contextlib.suppress(OSError):  # another user's store, or one that may only be read
            if path.stat().st_mtime < time.time() - _DAY:
                os.utime(path)

    def _parse(self, path: Path) -> Record | None:
        try:
            found = path.stat()
        except OSError:
            return None
        stamp = (found.st_mtime_ns, found.st_ctime_ns, found.st_size)
        known = self._parsed.get(path.name)
        if known is None or known[0] != stamp:
            known = self._parsed[path.name] = stamp, self._parse_anew(path)
        return known[1]

    def _parse_anew(self, path: Path) -> Record | None:
        try:
            return _parsed(path.read_bytes())
        except OSError:
            return None


def _parsed(data: bytes) -> Record | None:
    try:
        envelope = json.loads(data)
        if envelope["metadata"]["serializer"]["type"] != SERIALIZER:
            return None
        return Record.loads(envelope["result"])
    except (ValueError, KeyError, TypeError, StoreError):
        return None
