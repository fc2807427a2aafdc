"""The few ways in which storage writes: flush, replace as one, lock, and say in words why the system refused."""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from storage.errors import StoreUnwritable

# Above this many files one sync of the file system is cheaper than an fsync of each.
_FSYNC_EACH_UP_TO = 32
_FICLONE = 0x40049409  # of linux/fs.h; fcntl names it from Python 3.12 on
_BLOCK = 2**20


@contextlib.contextmanager
def opened(path: Path) -> Iterator[int]:
    """Yield a descriptor of a file or a folder, to read."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def fsync(path: Path) -> None:
    """Flush a file, or a folder's names, to the disk."""
    with opened(path) as descriptor:
        os.fsync(descriptor)


def flush(paths: Iterable[Path]) -> None:
    """Flush files and folders to the disk."""
    paths = list(paths)
    if len(paths) > _FSYNC_EACH_UP_TO:
        os.sync()
        return
    for path in paths:
        fsync(path)


def copy(source: Path, target: Path) -> None:
    """Copy a file's bytes. Where the file system can, both share them until one is changed (a reflink)."""
    with source.open("rb") as given, target.open("wb") as made:
        try:
            fcntl.ioctl(made.fileno(), _FICLONE, given.fileno())
        except OSError:  # another file system, or one that cannot; what else is wrong, the copy says too
            shutil.copyfileobj(given, made, _BLOCK)


def replace(path: Path, data: bytes) -> None:
    """Give a file new contents as one: whoever reads it, however this ends, finds the old bytes or the new ones."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    fsync(part)
    part.replace(path)
    fsync(path.parent)


def append(path: Path, data: bytes) -> None:
    """Add bytes to a file's end and flush them; cut off in between, the end may be torn."""
    with path.open("ab") as file:
        file.write(data)
    fsync(path)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Wait for a lock, and hold it; the system lets go of it however the process ends. The file stays, empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def explained(root: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write into one error that says what to do."""
    remedies = {
        errno.ENOSPC: "the disk is full: free some space",
        errno.EDQUOT: "the disk quota is used up: free some space",
        errno.EROFS: "the file system is read-only: choose another folder with --store",
        errno.EACCES: "permission denied: choose another folder with --store",
        errno.EPERM: "permission denied: choose another folder with --store",
        errno.ENOTDIR: "it is not a folder: choose another with --store",
        errno.EEXIST: "it is not a folder: choose another with --store",
    }
    try:
        yield
    except OSError as error:
        ours = error.filename is None or str(root) in str(error.filename)
        if ours and error.errno in remedies:
            raise StoreUnwritable(f"cannot write to the store {root}: {remedies[error.errno]} ({error})") from error
        raise
