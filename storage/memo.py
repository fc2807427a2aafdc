"""What was computed once and need not be again: a cache outside lineage, which may be deleted at any time."""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_AT_ONCE = 500


class Memo:
    """JSON values by key in one SQLite file; a damaged file is begun anew. Touches no disk until it is used."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, keys: Iterable[str]) -> dict[str, Any]:
        """Return {key: value} for those of the keys that are known."""
        wanted = list(keys)
        found: dict[str, Any] = {}
        if not self._path.is_file():
            return found
        with self._opened() as database:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                marks = ",".join("?" * len(some))
                rows = database.execute(f"SELECT key, value FROM memo WHERE key IN ({marks})", some)  # noqa: S608
                found |= {key: json.loads(value) for key, value in rows}
        return found

    def put(self, values: Mapping[str, Any]) -> None:
        """Remember values; those that are known are replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = [(key, json.dumps(value)) for key, value in values.items()]
        with self._opened() as database, database:
            database.executemany("INSERT OR REPLACE INTO memo VALUES (?, ?)", rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            database = self._connect()
        except sqlite3.DatabaseError:
            self._path.unlink(missing_ok=True)
            database = self._connect()
        with contextlib.closing(database):
            yield database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=60)
        database.execute("PRAGMA synchronous = OFF")  # a cache: a lost one is computed again
        database.execute("CREATE TABLE IF NOT EXISTS memo (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")
        return database
