"""What was computed once and need not be again: a cache outside lineage, which may be deleted at any time."""

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_AT_ONCE = 500
# Another process is at work, or the machine has no room, no descriptor or no right left: the file is none the worse.
# All else that SQLite says of a file of ours is damage, SQLITE_READONLY too: a header may ask for it.
_NO_DAMAGE = (
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
)  # fmt: skip
_PRIMARY_CODE = 0xFF


class Memo:
    """JSON values by key in one SQLite file. Touches no disk until it is used.

    A damaged file is begun anew, wherever the damage lies: SQLite finds what breaks its structure, and a sum beside
    each value finds what does not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return {key: value} for those of the keys that are known."""
        wanted = list(keys)
        if not self._path.is_file():
            return {}
        return self._tried(lambda database: _read(database, wanted))

    def put(self, values: Mapping[str, Any]) -> None:
        """Remember values; those that are known are replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        texts = {key: json.dumps(value) for key, value in values.items()}
        rows = [(key, text, _sum(key, text)) for key, text in texts.items()]

        def write(database: sqlite3.Connection) -> None:
            with database:
                database.executemany("INSERT OR REPLACE INTO checked VALUES (?, ?, ?)", rows)

        self._tried(write)

    def _tried(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the file; if that finds damage, once more with a new file."""
        try:
            return self._with_file(work)
        except (sqlite3.Error, ValueError, MemoryError) as error:  # a damaged length asks for any amount of memory
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & _PRIMARY_CODE in _NO_DAMAGE:
                raise
            # The journal of the old file must not be played back into the new one.
            for path in (self._path, self._path.with_name(self._path.name + "-journal")):
                path.unlink(missing_ok=True)
            return self._with_file(work)

    def _with_file(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with contextlib.closing(sqlite3.connect(self._path, timeout=60)) as database:
            database.execute("PRAGMA synchronous = OFF")  # a cache: a lost one is computed again
            database.execute("PRAGMA cell_size_check = ON")
            database.execute(
                "CREATE TABLE IF NOT EXISTS checked "
                "(key TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID"
            )
            return work(database)


def _read(database: sqlite3.Connection, wanted: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        query = f"SELECT key, value, sum FROM checked WHERE key IN ({marks})"  # noqa: S608
        for key, text, checked in database.execute(query, some):
            if checked != _sum(key, text):
                raise ValueError(f"the value of {key!r} was altered")
            found[key] = json.loads(text)
    return found


def _sum(key: str, text: str) -> int:
    """Return what finds that a key or its value was altered by accident."""
    return zlib.crc32(f"{key}\0{text}".encode())
