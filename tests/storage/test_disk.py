"""storage.disk: a file system that is full says where, and a lock says that it waits."""

import ctypes
import errno
import fcntl
import os
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage.disk import explained, flush, locked, must_lock, must_take, shared_by
from storage.errors import StoreUnwritable
from storage.store import Store


def test_a_full_file_system_is_named_with_what_is_left(small: Path) -> None:
    (small / "deep").mkdir()
    with pytest.raises(StoreUnwritable) as failed:
        must_take(small / "deep", "the store")
    assert str(failed.value).startswith(
        f"cannot write to the store {small / 'deep'}: the disk is full: "
        f"1.0 of 1.0 MiB are left on the file system at {small}; 4.0 MiB at least are needed; free some space "
    )
    assert list((small / "deep").iterdir()) == []


def test_no_room_for_names_is_said_too(small: Path) -> None:
    subprocess.run(["mount", "-o", "remount,nr_inodes=1", str(small)], check=True)
    with pytest.raises(StoreUnwritable, match=r"and no new file; 4\.0 MiB at least are needed; free some space there"):
        must_take(small, "the store")


def test_a_folder_with_room_keeps_nothing_of_the_test(tmp_path: Path) -> None:
    must_take(tmp_path, "the store")
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_not_there_yet_is_on_the_file_system_of_its_parent(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreUnwritable, match="MiB are left on the file system at /"),
        explained(tmp_path / "not" / "yet"),
    ):
        raise OSError(28, "No space left on device")


def test_who_waits_for_a_lock_hears_so_once(tmp_path: Path) -> None:
    heard, done = [], threading.Event()

    def second() -> None:
        with locked(tmp_path / "lock", lambda: heard.append("waits")):
            done.set()

    with locked(tmp_path / "lock", lambda: heard.append("never")):
        thread = threading.Thread(target=second)
        thread.start()
        assert not done.wait(0.2)
    thread.join()
    assert (heard, done.is_set()) == (["waits"], True)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "as some network file systems do")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StoreUnwritable, match="has no locks that end with their process: choose another folder"):
        Store(tmp_path).publish("dataset", {"a": b"x"})


def _many(folder: Path) -> list[Path]:
    paths = [folder / str(number) for number in range(40)]
    for path in paths:
        path.write_bytes(b"bytes")
    return paths


def test_many_files_are_flushed_by_their_file_system_and_no_other(
    tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, synced = ctypes.CDLL(None, use_errno=True), []
    if not hasattr(system, "syncfs"):
        pytest.skip("this system has no syncfs")
    monkeypatch.setattr(os, "sync", lambda: pytest.fail("the whole machine was synced"))
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("each file was synced"))

    def syncfs(descriptor: int) -> int:
        synced.append(os.fstat(descriptor).st_dev)
        return int(system.syncfs(descriptor))

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: SimpleNamespace(syncfs=syncfs))
    flush([*_many(tmp_path), *_many(small)])
    assert synced == [tmp_path.stat().st_dev, small.stat().st_dev]
    assert len(set(synced)) == 2


@pytest.mark.parametrize(
    "system", [SimpleNamespace(), SimpleNamespace(syncfs=lambda _: ctypes.set_errno(errno.ENOSYS) or -1)]
)
def test_where_a_system_syncs_no_file_system_alone_each_file_is_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: SimpleNamespace
) -> None:
    paths, fsync = _many(tmp_path), os.fsync
    synced: list[int] = []
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: system)
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino) or fsync(file))
    flush(paths)
    assert sorted(synced) == sorted(path.stat().st_ino for path in paths)


def test_a_disk_that_fails_to_flush_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SimpleNamespace(syncfs=lambda _: ctypes.set_errno(errno.EIO) or -1)
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: broken)
    with pytest.raises(OSError, match="Input/output error"):
        flush(_many(tmp_path))


def test_a_file_system_whose_locks_exclude_nobody_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "tmp.lock"
    must_lock(lock, tmp_path)
    with locked(lock):  # another run holds it just now
        must_lock(lock, tmp_path)
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(StoreUnwritable, match=r"one lock to two at once.*choose a folder on a disk of this machine"):
        must_lock(lock, tmp_path)


@pytest.mark.parametrize(
    ("kind", "shared"), [("nfs4", True), ("fuse.sshfs", True), ("cifs", True), ("ext4", False), ("overlay", False)]
)
def test_the_kind_of_file_system_tells_whether_other_machines_may_see_it(
    tmp_path: Path, kind: str, shared: bool
) -> None:
    mounts, device = tmp_path / "mountinfo", tmp_path.stat().st_dev
    here = f"{os.major(device)}:{os.minor(device)}"
    mounts.write_text(f"22 27 0:0 / /proc rw - proc proc rw\n24 27 {here} / /data rw shared:1 - {kind} host:/x rw\n")
    assert shared_by(tmp_path, mounts) == (kind if shared else None)
    assert shared_by(tmp_path, tmp_path / "none") is None
