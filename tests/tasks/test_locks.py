"""tasks.locks: one holder at a time, across processes, and none after kill -9."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tasks.locks import FlockLockManager

_HOLD = """
import sys, time
from pathlib import Path
from tasks.locks import FlockLockManager
FlockLockManager(Path(sys.argv[1])).acquire_lock("k", "other")
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
        holder.kill()
    began = time.monotonic()
    assert locks.acquire_lock("k", "me", acquire_timeout=5)
    assert time.monotonic() - began < 5
