"""tasks.locks: one holder at a time, across processes, and none after kill -9."""

import asyncio
import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tasks.locks import FlockLockManager

_HOLD = """
import sys, time
from pathlib import Path
from tasks.locks import FlockLockManager
locks = FlockLockManager(Path(sys.argv[1]))
locks.acquire_lock("k", "other")
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def locks(tmp_path: Path) -> FlockLockManager:
    return FlockLockManager(tmp_path / "locks")


def test_a_lock_has_one_holder_and_only_it_can_let_go(locks: FlockLockManager) -> None:
    assert locks.acquire_lock("k", "me")
    assert locks.is_lock_holder("k", "me")
    assert not locks.is_lock_holder("k", "you")
    assert locks.is_locked("k")
    assert FlockLockManager(locks.folder).is_locked("k")
    assert not FlockLockManager(locks.folder).acquire_lock("k", "you", acquire_timeout=0.2)
    with pytest.raises(ValueError, match="to hold the lock"):
        locks.release_lock("k", "you")
    locks.release_lock("k", "me")
    assert not locks.is_locked("k")
    assert locks.wait_for_lock("k", timeout=1)


def test_other_keys_are_free(locks: FlockLockManager) -> None:
    assert locks.acquire_lock("k", "me")
    assert locks.acquire_lock("l", "you", acquire_timeout=0)


def test_a_lock_survives_no_kill(locks: FlockLockManager) -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(locks.folder)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        assert locks.is_locked("k")
        assert not locks.wait_for_lock("k", timeout=0.3)
        holder.send_signal(signal.SIGKILL)
    assert holder.returncode == -signal.SIGKILL
    began = time.monotonic()
    assert locks.acquire_lock("k", "me", acquire_timeout=5)
    assert time.monotonic() - began < 5


def test_two_of_one_process_take_turns(locks: FlockLockManager) -> None:
    other, order = FlockLockManager(locks.folder), []
    assert locks.acquire_lock("k", "me")
    assert not other.acquire_lock("k", "you", acquire_timeout=0)

    def second() -> None:
        assert other.acquire_lock("k", "you", acquire_timeout=60)
        order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    time.sleep(0.3)
    order.append("first")
    locks.release_lock("k", "me")
    thread.join()
    assert order == ["first", "second"]
    assert other.is_lock_holder("k", "you")
    other.release_lock("k", "you")  # in another thread than took it
    assert not locks.is_locked("k")


def test_what_was_taken_in_a_thread_can_be_let_go_of_elsewhere(locks: FlockLockManager) -> None:
    async def take_turns() -> None:
        assert await locks.aacquire_lock("k", "me")
        assert not await FlockLockManager(locks.folder).aacquire_lock("k", "you", acquire_timeout=0.2)
        assert not await locks.await_for_lock("k", timeout=0.2)
        locks.release_lock("k", "me")
        assert await locks.await_for_lock("k", timeout=60)

    asyncio.run(take_turns())


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664)])
def test_the_file_stays_empty_for_whom_the_umask_says(locks: FlockLockManager, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        assert locks.acquire_lock("k", "me")
    finally:
        os.umask(before)
    locks.release_lock("k", "me")
    kept = (locks.folder / "k").stat()
    assert (stat.S_IMODE(kept.st_mode), kept.st_size) == (mode, 0)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_an_error_and_no_other_lock(
    locks: FlockLockManager, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def missing(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", missing)
    with pytest.raises(OSError, match=os.strerror(number)):
        locks.acquire_lock("k", "me")
    assert not locks.is_lock_holder("k", "me")
