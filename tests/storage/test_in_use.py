"""storage.in_use: whoever relies on a store and whoever collects its garbage exclude each other."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage.errors import StoreUnwritable
from storage.in_use import exclusively, in_use
from storage.store import Store


@pytest.fixture(autouse=True)
def there(store: Store) -> None:
    store.root.mkdir()


def test_many_use_it_and_nobody_is_alone_meanwhile(store: Store) -> None:
    with in_use(store), in_use(store), exclusively(store) as free:
        assert not free
    with exclusively(store) as free:
        assert free


def test_who_comes_during_a_collection_waits_for_its_end(store: Store) -> None:
    came = threading.Event()

    def come() -> None:
        with in_use(store):
            came.set()

    with exclusively(store) as free:
        assert free
        thread = threading.Thread(target=come)
        thread.start()
        assert not came.wait(0.2)
    assert came.wait(10)
    thread.join()


def test_a_killed_process_uses_it_no_more(store: Store) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from storage.in_use import in_use\nfrom storage.store import Store\n"
        "with in_use(Store(Path(sys.argv[1]))): print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(store.root)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"in\n"
        with exclusively(store) as free:
            assert not free
        process.send_signal(signal.SIGKILL)
    with exclusively(store) as free:
        assert free


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with in_use(Store(tmp_path / "none")):
        assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_store_that_may_only_be_read_is_used_without_a_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, "no")

    monkeypatch.setattr(os, "open", refuse)
    with in_use(store):
        pass


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_where_the_disk_is_full_the_store_and_its_file_system_are_named(
    store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(path: Path, *_: int) -> int:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr("storage.in_use.os.open", refuse)
    with pytest.raises(StoreUnwritable, match="are left on the file system at /"), in_use(store):
        pass
