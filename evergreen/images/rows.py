"""Rows of one shape on disk, by key: a cache of what is costly to make again.

    <folder>/<BLAKE3 of the file>.rows      rows, then their keys (32 bytes each), then how many (8 bytes)

A shard is written aside, flushed and renamed, and never changes: new rows come as a new shard. Whoever reads maps it
into memory and checks it against its name once in a process, so a torn or altered shard is a miss. Shards may be
deleted at any time; ``evict`` deletes those that were not used for longest.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from blake3 import blake3

_KEY = 32
_COUNT = 8
_BLOCK = 64
_DEAD_SECONDS = 86_400

# (path, inode, size) of shards that this process has checked.
_checked: set[tuple[str, int, int]] = set()


class Rows:
    """Rows in the order that was asked for, read from where they lie: ``gather`` copies just those that it returns.

    Attributes:
        shape: of one row.
        dtype: of its values.
    """

    def __init__(
        self, shards: Sequence[np.ndarray], where: np.ndarray, shape: tuple[int, ...], dtype: np.dtype
    ) -> None:
        """Take shards of shape (n, *shape), and for each row its shard and its place there: (N, 2) int64."""
        self._shards, self._where = shards, where
        self.shape, self.dtype = shape, dtype

    def __len__(self) -> int:
        return len(self._where)

    def gather(self, positions: np.ndarray) -> np.ndarray:
        """Return the rows at some positions, (n, *shape)."""
        where = self._where[positions]
        if len(self._shards) == 1:
            return np.asarray(self._shards[0][where[:, 1]])
        rows = np.empty((len(where), *self.shape), self.dtype)
        for number in np.unique(where[:, 0]):
            here = where[:, 0] == number
            rows[here] = self._shards[number][where[here, 1]]
        return rows

    def blocks(self, size: int = _BLOCK) -> Iterator[np.ndarray]:
        """Yield all rows in order, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield self.gather(np.arange(start, min(start + size, len(self))))

    @classmethod
    def of(cls, array: np.ndarray) -> Rows:
        """Return the rows of an array that is in memory, (N, *shape)."""
        where = np.stack([np.zeros(len(array), np.int64), np.arange(len(array))], axis=1)
        return cls([array], where, array.shape[1:], array.dtype)


class RowCache:
    """Rows of one shape and type in one folder; without a folder they are made anew, in memory."""

    def __init__(self, folder: Path | None, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._folder, self._shape, self._dtype = folder, shape, np.dtype(dtype)

    def rows(self, keys: Sequence[bytes], make: Callable[[list[int]], Iterator[np.ndarray]]) -> Rows:
        """Return the rows of these keys; what is missing is made, and kept.

        Args:
            keys: of 32 bytes; the same key may come several times.
            make: given the positions in ``keys`` of rows to make, yields them in order, in blocks of any length.
        """
        if self._folder is None:
            first = _first_of_each(keys)
            blocks = list(make(list(first.values()))) or [np.empty((0, *self._shape), self._dtype)]
            array = np.concatenate(blocks, dtype=self._dtype)
            place = {key: index for index, key in enumerate(first)}
            where = np.array([(0, place[key]) for key in keys], np.int64).reshape(-1, 2)
            return Rows([array], where, self._shape, self._dtype)
        shards, index = self._open(self._folder)
        missing = {key: position for key, position in _first_of_each(keys).items() if key not in index}
        if missing:
            path = self._write(self._folder, list(missing), make(list(missing.values())))
            shards.append(self._map(path)[0])
            index |= {key: (len(shards) - 1, row) for row, key in enumerate(missing)}
        where = np.array([index[key] for key in keys], np.int64).reshape(-1, 2)
        return Rows(shards, where, self._shape, self._dtype)

    def _open(self, folder: Path) -> tuple[list[np.ndarray], dict[bytes, tuple[int, int]]]:
        shards: list[np.ndarray] = []
        index: dict[bytes, tuple[int, int]] = {}
        for path in sorted(folder.glob("*.rows")):
            try:
                if not _is_whole(path):
                    path.unlink(missing_ok=True)
                    continue
                rows, keys = self._map(path)
                os.utime(path)  # used: the last to be evicted
            except FileNotFoundError:
                continue  # evicted meanwhile
            index |= {key: (len(shards), row) for row, key in enumerate(keys)}
            shards.append(rows)
        return shards, index

    def _map(self, path: Path) -> tuple[np.ndarray, list[bytes]]:
        whole = np.memmap(path, np.uint8, "r")
        count = int(whole[-_COUNT:].view("<u8")[0])
        keys = whole[-_COUNT - count * _KEY : -_COUNT].tobytes()
        rows = whole[: -_COUNT - count * _KEY].view(self._dtype).reshape(count, *self._shape)
        return rows, [keys[start : start + _KEY] for start in range(0, len(keys), _KEY)]

    def _write(self, folder: Path, keys: list[bytes], blocks: Iterator[np.ndarray]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{secrets.token_hex(8)}.part"
        digest, written = blake3(), 0
        try:
            with part.open("wb") as file:
                for block in blocks:
                    written += len(block)
                    data = np.ascontiguousarray(block, self._dtype).data.cast("B")
                    digest.update(data)
                    file.write(data)
                if written != len(keys):
                    raise ValueError(f"expected {len(keys)} rows to keep, received {written}")
                rest = b"".join(keys) + len(keys).to_bytes(_COUNT, "little")
                digest.update(rest)
                file.write(rest)
                file.flush()
                os.fsync(file.fileno())
            path = folder / f"{digest.hexdigest()}.rows"
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _checked.add(_stamp(path))
        return path


def evict(root: Path, limit: int) -> int:
    """Delete the shards below a folder that were unused for longest, until ``limit`` bytes are left.

    Whoever has a shard mapped goes on reading it; a part that was not written to for a day is a dead process's.

    Args:
        root: any number of caches lie below it.
        limit: in bytes.

    Returns:
        How many bytes were freed.
    """
    found = []
    for path in (Path(folder, name) for folder, _, names in os.walk(root) for name in names):  # rglob may raise
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if path.suffix == ".rows":
            found.append((status.st_mtime, status.st_size, path))
        elif path.suffix == ".part" and status.st_mtime < time.time() - _DEAD_SECONDS:
            path.unlink(missing_ok=True)
    total, freed = sum(size for _, size, _ in found), 0
    for _, size, path in sorted(found):
        if total - freed <= limit:
            break
        path.unlink(missing_ok=True)
        freed += size
    return freed


def _first_of_each(keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return key -> the first position where it stands, in order."""
    first: dict[bytes, int] = {}
    for position, key in enumerate(keys):
        first.setdefault(key, position)
    return first


def _is_whole(path: Path) -> bool:
    stamp = _stamp(path)
    if stamp not in _checked:
        if blake3(max_threads=blake3.AUTO).update_mmap(path).hexdigest() != path.stem:
            return False
        _checked.add(stamp)
    return True


def _stamp(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return str(path), status.st_ino, status.st_size
