"""Rows of one shape on disk, by key: a cache of what is costly to make again.

    <folder>/<BLAKE3 of the file>.rows      rows, then their keys (32 bytes each), then how many (8 bytes)

A shard is written aside, flushed and renamed, and never changes: new rows come as new shards of at most 1 GiB. Whoever
reads maps it into memory and checks it against its name once in a process, so a torn or altered shard is a miss. Shards
may be deleted at any time; on a ``Shelf`` only what can stay is written, and the rest is made whenever it is asked for,
or held in memory.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from blake3 import blake3

from evergreen.images.processes.budget import free_memory
from evergreen.images.shelves import PART, SUFFIX, Folder, Shelf, reads

_KEY = 32
_COUNT = 8
_BLOCK = 64
_SHARD = 2**30
_MADE = -1  # in the place of a shard's number
_ANEW = "made anew each time that they are needed"
_IN_MEMORY = "held in memory as long as they are needed, and made again by the next run"
_SHARE_OF_FREE = 0.5

Make = Callable[[list[int]], Iterator[np.ndarray]]

# (path, inode, size) of shards that this process has checked.
_checked: set[tuple[str, int, int]] = set()


class Rows:
    """Rows in the order that was asked for, read from where they lie: ``gather`` copies just those that it returns.

    Attributes:
        shape: of one row.
        dtype: of its values.
    """

    def __init__(
        self,
        shards: Sequence[np.ndarray],
        where: np.ndarray,
        shape: tuple[int, ...],
        dtype: np.dtype,
        make: Make | None = None,
    ) -> None:
        """Take shards of shape (n, *shape), and for each row its shard and its place there: (N, 2) int64.

        A row whose shard is -1 lies nowhere: its place is given to ``make`` each time that it is asked for.
        """
        self._shards, self._where, self._make = shards, where, make
        self.shape, self.dtype = shape, dtype

    def __len__(self) -> int:
        return len(self._where)

    def gather(self, positions: np.ndarray) -> np.ndarray:
        """Return the rows at some positions, (n, *shape)."""
        where = self._where[positions]
        if len(self._shards) == 1 and self._make is None:
            return np.asarray(self._shards[0][where[:, 1]])
        rows = np.empty((len(where), *self.shape), self.dtype)
        for number in np.unique(where[:, 0]):
            here = np.flatnonzero(where[:, 0] == number)
            if number != _MADE:
                rows[here] = self._shards[number][where[here, 1]]
                continue
            done = 0
            for block in self._make(where[here, 1].tolist()) if self._make else ():
                rows[here[done : done + len(block)]] = block
                done += len(block)
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
    """Rows of one shape and type in one folder; without a folder they are made anew, in memory.

    Args:
        folder: where shards lie; any number of them, or on a shelf those that have room.
        shape: of one row.
        dtype: of its values.
    """

    def __init__(self, folder: Folder | None, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
        self._shelf = folder if isinstance(folder, Shelf) else None
        self._folder = folder.folder if isinstance(folder, Shelf) else folder
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._each = int(np.prod(shape)) * self._dtype.itemsize + _KEY

    def rows(self, keys: Sequence[bytes], make: Make) -> Rows:
        """Return the rows of these keys; what is missing is made, and kept where there is room.

        Args:
            keys: of 32 bytes; the same key may come several times.
            make: given the positions in ``keys`` of rows to make, yields them in order, in blocks of any length; the
                same row each time.
        """
        if self._folder is None:
            first = _first_of_each(keys)
            blocks = list(make(list(first.values()))) or [np.empty((0, *self._shape), self._dtype)]
            array = np.concatenate(blocks, dtype=self._dtype)
            place = {key: index for index, key in enumerate(first)}
            where = np.array([(0, place[key]) for key in keys], np.int64).reshape(-1, 2)
            return Rows([array], where, self._shape, self._dtype)
        first = _first_of_each(keys)
        shards, index, since = self._open(self._folder, first)
        missing = [(key, position) for key, position in first.items() if key not in index]
        while missing and (count := self._that_stay(len(missing), since)):
            now, missing = missing[:count], missing[count:]
            path = self._write(self._folder, [key for key, _ in now], make([position for _, position in now]))
            index |= {key: (len(shards), row) for row, (key, _) in enumerate(now)}
            shards.append(self._map(path)[0])
            reads(path, shards[-1])
        where_to = self._without_room(self._shelf, self._folder, missing, len(first)) if self._shelf and missing else ""
        if where_to == _IN_MEMORY:
            index |= {key: (len(shards), row) for row, (key, _) in enumerate(missing)}
            shards.append(self._held(len(missing), make([position for _, position in missing])))
            missing = []
        index |= {key: (_MADE, position) for key, position in missing}
        where = np.array([index[key] for key in keys], np.int64).reshape(-1, 2)
        return Rows(shards, where, self._shape, self._dtype, make if missing else None)

    def _without_room(self, shelf: Shelf, folder: Path, missing: Sequence[object], of: int) -> str:
        """Say what becomes of rows that find no room, and return it: what is dear is held, if memory has room."""
        size = len(missing) * self._each
        held = shelf.cheap is not None and size <= free_memory() * _SHARE_OF_FREE
        becomes = _IN_MEMORY if held else _ANEW
        kind = folder.relative_to(shelf.root).parts[0]
        shelf.say(
            f"of {of:,} images, the {kind} of {len(missing):,} find no room in the cache and are {becomes}: "
            f"EVERGREEN_CACHE_GIB is {shelf.limit / 2**30:.3g}, and {size / 2**30:.3g} more would keep them"
        )
        return becomes

    def _held(self, count: int, blocks: Iterator[np.ndarray]) -> np.ndarray:
        rows, done = np.empty((count, *self._shape), self._dtype), 0
        for block in blocks:
            rows[done : done + len(block)] = block
            done += len(block)
        return rows

    def _that_stay(self, many: int, since: float | None) -> int:
        """Return how many of so many rows go into the next shard, for which there is room then; 0 if there is none."""
        most = max(1, (_SHARD - _COUNT) // self._each)
        if self._shelf:
            most = min(most, max(0, self._shelf.room(since) - _COUNT) // self._each)
        # A network answers for a block at a time: all blocks but the last are whole.
        count = many if many <= most else most - most % _BLOCK if most > _BLOCK else most
        if self._shelf and count:
            self._shelf.clear(count * self._each + _COUNT, since)
        return count

    def _open(
        self, folder: Path, wanted: Mapping[bytes, int]
    ) -> tuple[list[np.ndarray], dict[bytes, tuple[int, int]], float | None]:
        """Return the shards that hold wanted keys, where each key lies, and when these shards were used before now."""
        found = [(path, *mapped) for path in sorted(folder.glob(f"*{SUFFIX}")) if (mapped := self._known(path))]
        while True:
            place = {key: (number, row) for number, (_, _, keys) in enumerate(found) for row, key in enumerate(keys)}
            index = {key: place[key] for key in wanted if key in place}
            used = sorted({number for number, _ in index.values()})
            bad = {number for number in used if not _is_whole(found[number][0])}
            if not bad:
                break
            for number in bad:
                found[number][0].unlink(missing_ok=True)
            found = [shard for number, shard in enumerate(found) if number not in bad]
        before = []
        for number in used:
            path, rows, _ = found[number]
            reads(path, rows)
            with contextlib.suppress(FileNotFoundError):  # evicted meanwhile; it is mapped
                before.append(path.stat().st_mtime)
                os.utime(path)  # used: the last to be evicted
        order = {number: position for position, number in enumerate(used)}
        index = {key: (order[number], row) for key, (number, row) in index.items()}
        return [found[number][1] for number in used], index, min(before, default=None)

    def _known(self, path: Path) -> tuple[np.ndarray, list[bytes]] | None:
        """Return a shard's rows and keys, unchecked; None if it has not even the form of one, or is gone."""
        try:
            return self._map(path)
        except (FileNotFoundError, ValueError):
            return None

    def _map(self, path: Path) -> tuple[np.ndarray, list[bytes]]:
        whole = np.memmap(path, np.uint8, "r")
        count = int(whole[-_COUNT:].view("<u8")[0])
        if count * self._each + _COUNT != len(whole):
            raise ValueError(f"{path} is no shard of such rows")
        keys = whole[-_COUNT - count * _KEY : -_COUNT].tobytes()
        rows = whole[: -_COUNT - count * _KEY].view(self._dtype).reshape(count, *self._shape)
        return rows, [keys[start : start + _KEY] for start in range(0, len(keys), _KEY)]

    def _write(self, folder: Path, keys: list[bytes], blocks: Iterator[np.ndarray]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{secrets.token_hex(8)}{PART}"
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
            path = folder / f"{digest.hexdigest()}{SUFFIX}"
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _checked.add(_stamp(path))
        return path


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
