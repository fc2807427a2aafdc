"""What is known of a download across processes, kills and reboots."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_BOOT = Path("/proc/sys/kernel/random/boot_id")


class DownloadState:
    """What is known of one download: a small JSON file that is also the lock."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        data = os.pread(descriptor, 1 << 20, 0)
        try:
            self.value: dict[str, Any] = json.loads(data) if data.endswith(b"\n") else {}
        except ValueError:
            self.value = {}

    def write(self, value: Mapping[str, Any]) -> None:
        """Replace the state; a torn one reads as none."""
        data = json.dumps(value).encode() + b"\n"  # without its end it was torn
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, data, 0)
        self.value = dict(value)


@contextmanager
def held(path: Path) -> Iterator[DownloadState]:
    """Yield the state at that path while no other process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # the system lets go of it however this process ends
        yield DownloadState(descriptor)
    finally:
        os.close(descriptor)


def boot() -> str:
    """Return what tells one start of this machine from another, or nothing where the system does not say."""
    return _BOOT.read_text(encoding="ascii").strip() if _BOOT.is_file() else ""
