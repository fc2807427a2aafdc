"""One execution per step key at a time, across processes: a lock that the system releases however its holder ends.

Prefect's own file lock is a file that exists: after kill -9 it stays, and everyone waits for ever. ``flock``, by which
filelock locks, belongs to the open file, which the system closes with the process.
"""

import asyncio
import time
from pathlib import Path

from filelock import FileLock, Timeout
from prefect.locking.protocol import LockManager

from runs.stopped import go_on_unless_told

_POLL_SECONDS = 0.1


class FlockLockManager(LockManager):
    """Locks keys with ``flock`` on files in one folder; the files stay, empty.

    What is held is let go of with the manager, too. A file system without ``flock`` (an NFS mount may be one) is an
    OSError: never a lock of another kind, which a kill would leave behind.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, tuple[FileLock, str]] = {}

    def acquire_lock(
        self, key: str, holder: str, acquire_timeout: float | None = None, hold_timeout: float | None = None
    ) -> bool:
        """Wait for the lock, ``acquire_timeout`` seconds at most, and return whether it is ours.

        Raises:
            Stopped: a signal came meanwhile.
        """
        if self.is_lock_holder(key, holder):
            return True
        deadline = None if acquire_timeout is None else time.monotonic() + acquire_timeout
        while not self._try(key, holder):
            if deadline is not None and time.monotonic() >= deadline:
                return False
            go_on_unless_told()  # it may wait in a thread, which no signal interrupts
            time.sleep(_POLL_SECONDS)
        return True

    async def aacquire_lock(
        self, key: str, holder: str, acquire_timeout: float | None = None, hold_timeout: float | None = None
    ) -> bool:
        """As ``acquire_lock``, in a thread."""
        return await asyncio.to_thread(self.acquire_lock, key, holder, acquire_timeout, hold_timeout)

    def release_lock(self, key: str, holder: str) -> None:
        """Let go of a lock.

        Raises:
            ValueError: ``holder`` does not hold it.
        """
        if not self.is_lock_holder(key, holder):
            raise ValueError(f"expected {holder} to hold the lock of {key}, it does not")
        lock, _ = self._held.pop(key)
        lock.release()

    def is_locked(self, key: str) -> bool:
        """Whether anyone holds the lock, in this process or another."""
        if key in self._held:
            return True
        if not self._try(key, "probe"):
            return True
        self.release_lock(key, "probe")
        return False

    def is_lock_holder(self, key: str, holder: str) -> bool:
        """Whether ``holder`` holds the lock."""
        return key in self._held and self._held[key][1] == holder

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until nobody holds the lock, ``timeout`` seconds at most, and return whether that came."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.is_locked(key):
            if deadline is not None and time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """As ``wait_for_lock``, in a thread."""
        return await asyncio.to_thread(self.wait_for_lock, key, timeout)

    def _try(self, key: str, holder: str) -> bool:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not of a thread: ``aacquire_lock`` takes it in another one than lets go of it.
        lock = FileLock(self.folder / key, thread_local=False, fallback_to_soft=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return False
        self._held[key] = lock, holder
        return True
