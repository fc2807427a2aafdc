"""How much memory decoders may have: by what pictures' headers say, and never more than this machine has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

# What a worker exits with that wanted more than its share.
OUT_OF_MEMORY = 77
_FIXED = 256 * 2**20
# The most that a decoder of ours took was 35 bytes a pixel: a lossless WebP with alpha.
_BYTES_PER_PIXEL = 48
# Most cameras take less. What is larger waits until decoders have room for it, so that those of ordinary photos, of
# which there are many, need not have it.
ORDINARY = 25.0
_SHARE_OF_FREE = 0.8  # the rest is left to this process and to others
_LEAST = 128 * 2**20


@dataclass(frozen=True)
class Budget:
    """What a set of workers may take.

    Attributes:
        workers: how many there may be at once.
        each: bytes of address space that each may add to what it holds at its start.
        short: whether that is less than the largest picture may need, for want of memory.
    """

    workers: int
    each: int
    short: bool

    def carries(self, megapixels: float) -> bool:
        """Return whether a worker may take what a picture of that size may need."""
        return self.each >= _needed(megapixels)


def budget(max_megapixels: float, most_workers: int, free: int) -> Budget:
    """Return how many workers the free memory carries; what each may take depends on no machine, if one fits.

    Args:
        max_megapixels: of the largest picture that is decoded.
        most_workers: how many are wanted.
        free: bytes of memory that may be taken.
    """
    needed, usable = _needed(max_megapixels), _usable(free)
    return Budget(max(1, min(most_workers, usable // needed)), min(needed, usable), usable < needed)


def sizes(max_megapixels: float) -> list[float]:
    """Return up to how many megapixels pictures are decoded in turn: ordinary ones, then up to twice as many, and on.

    Args:
        max_megapixels: of the largest picture that is decoded, the last of the list.
    """
    limits = [min(ORDINARY, max_megapixels)]
    while limits[-1] < max_megapixels:
        limits.append(min(2 * limits[-1], max_megapixels))
    return limits


class Room:
    """Memory for pictures that several threads decode in one process: each waits until there is enough for its own."""

    def __init__(self, free: int) -> None:
        """Take how many bytes of memory may be taken; one picture at a time is decoded whatever it needs."""
        self._usable, self._taken = _usable(free), 0
        self._changed = threading.Condition()

    @contextmanager
    def of(self, megapixels: float) -> Iterator[None]:
        """Have what a picture of that size may need."""
        needed = _needed(megapixels)
        with self._changed:
            self._changed.wait_for(lambda: self._taken == 0 or self._taken + needed <= self._usable)
            self._taken += needed
        try:
            yield
        finally:
            with self._changed:
                self._taken -= needed
                self._changed.notify_all()


def _usable(free: int) -> int:
    return max(_LEAST, int(free * _SHARE_OF_FREE))


def _needed(megapixels: float) -> int:
    return _FIXED + int(megapixels * 1e6) * _BYTES_PER_PIXEL


def free_memory(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many bytes of memory this process may still take: the machine's, or its control group's if fewer.

    Args:
        proc: where the kernel tells of processes.
        groups: where it tells of control groups, of version 1 or 2.
    """
    if not (proc / "meminfo").is_file():
        return int(psutil.virtual_memory().available)  # no Linux, so there are no control groups either
    lines = (proc / "meminfo").read_text(encoding="utf-8").splitlines()
    told = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    free = told["MemAvailable"] * 1024
    for version in (_V2, _V1):
        for group in _groups(version, proc, groups):
            limit = (group / version.limit).read_text(encoding="utf-8").strip()
            if limit.isdigit():  # version 2 says max where there is none
                used = int((group / version.used).read_text(encoding="utf-8"))
                free = min(free, int(limit) - used + _reclaimable(group / "memory.stat", version))
    return max(0, free)


@dataclass(frozen=True)
class _Version:
    """How a version of control groups calls things."""

    folder: str
    entry: str
    limit: str
    used: str
    files: str


_V2 = _Version("", "", "memory.max", "memory.current", "inactive_file ")
_V1 = _Version("memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ")


def _groups(version: _Version, proc: Path, groups: Path) -> list[Path]:
    """Return the folders of this process's control group and of those above it that tell a limit of memory.

    In a container the path may be the host's, of which nothing but the uppermost folder is seen inside.
    """
    entries = [line.split(":", 2) for line in (proc / "self" / "cgroup").read_text(encoding="utf-8").splitlines()]
    own = next((path for _, names, path in entries if version.entry in names.split(",")), None)
    if own is None:
        return []
    top = groups / version.folder
    lowest = top / own.strip("/")
    above = [folder for folder in (lowest, *lowest.parents) if folder.is_relative_to(top)]
    return [folder for folder in above if (folder / version.limit).is_file()]


def _reclaimable(path: Path, version: _Version) -> int:
    """Return the bytes of files that the kernel keeps in memory and would give up first."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(version.files)), 0)
