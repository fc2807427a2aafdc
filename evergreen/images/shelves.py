"""How much room caches may take, and which shards make room: a shard is written only where it can stay.

All shards below one root share a limit. A new one may push out what was used for longest ago, but nothing that this
process reads, and nothing that was used since its own cache was used last: so two runs that do not fit beside each
other do not push each other out again and again, and a dataset larger than the limit keeps what it has. What finds no
room is made again whenever it is asked for.

What is dear to make (features of a backbone, teachers' answers: a training reads them in every epoch, and the recipe
bounds their bytes) has what is cheap (decoded pixels) make room for it though it is read. What of it finds no room all
the same is held in memory for as long as it is read, unless that would take more than half of what is free.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from weakref import WeakValueDictionary

import numpy as np

SUFFIX = ".rows"
PART = ".part"
_DEAD_SECONDS = 86_400

# Shards that this process reads: (path, a number) -> their rows, for as long as anybody holds these.
_read: WeakValueDictionary[tuple[str, int], np.ndarray] = WeakValueDictionary()
_numbers = itertools.count()


class Standing(NamedTuple):
    """One shard on disk.

    Attributes:
        used: when it was read or written last, in seconds since 1970.
        size: in bytes.
        path: where it lies.
    """

    used: float
    size: int
    path: Path


@dataclass(frozen=True)
class Shelf:
    """A folder of shards, below a root whose shards may take so many bytes together.

    Attributes:
        folder: where the shards lie; ``/`` gives a shelf below it.
        root: any number of caches lie below it.
        limit: bytes of all shards below the root.
        say: told in words what finds no room.
        cheap: of what is dear, the folder of what makes room for it.
    """

    folder: Path
    root: Path
    limit: int
    say: Callable[[str], None]
    cheap: Path | None = None

    def __truediv__(self, name: str) -> Shelf:
        return replace(self, folder=self.folder / name)

    def room(self, since: float | None) -> int:
        """Return how many bytes can be written and stay.

        Args:
            since: when the shards of this cache were used last, in seconds since 1970; None if there are none.
        """
        return self.limit - sum(shard.size for shard in standing(self.root) if not self._yields(shard, since))

    def clear(self, size: int, since: float | None) -> None:
        """Delete shards, those first that were unused for longest, until so many bytes more are within the limit.

        Args:
            size: of what will be written.
            since: as in ``room``.
        """
        shards = sorted(standing(self.root))
        over = sum(shard.size for shard in shards) + size - self.limit
        for shard in shards:
            if over <= 0:
                return
            if self._yields(shard, since):
                shard.path.unlink(missing_ok=True)
                over -= shard.size

    def _yields(self, shard: Standing, since: float | None) -> bool:
        if self.cheap and self.cheap in shard.path.parents:
            return True
        is_read = any(path == str(shard.path) for path, _ in list(_read))
        return not is_read and (since is None or shard.used < since)


Folder = Path | Shelf


def reads(path: Path, rows: np.ndarray) -> None:
    """Note that a shard is read for as long as anybody holds its rows."""
    _read[str(path), next(_numbers)] = rows


def standing(root: Path) -> Iterator[Standing]:
    """Yield the shards below a folder."""
    for path in _files(root):
        if path.suffix == SUFFIX and (status := _status(path)):
            yield Standing(status.st_mtime, status.st_size, path)


def evict(root: Path, limit: int) -> int:
    """Delete the shards below a folder that were unused for longest, until ``limit`` bytes are left.

    Whoever has a shard mapped goes on reading it; a part that was not written to for a day is a dead process's.

    Args:
        root: any number of caches lie below it.
        limit: in bytes.

    Returns:
        How many bytes were freed.
    """
    for path in _files(root):
        if path.suffix == PART and (status := _status(path)) and status.st_mtime < time.time() - _DEAD_SECONDS:
            path.unlink(missing_ok=True)
    found = sorted(standing(root))
    total, freed = sum(shard.size for shard in found), 0
    for shard in found:
        if total - freed <= limit:
            break
        shard.path.unlink(missing_ok=True)
        freed += shard.size
    return freed


def _files(root: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(root):  # rglob may raise where somebody deletes meanwhile
        yield from (Path(folder, name) for name in names)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
