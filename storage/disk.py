"""The few ways in which storage writes: flush, replace as one, lock, and say in words why the system refused."""

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storage.errors import StoreUnwritable

# Above this many files one sync of their file system is cheaper than an fsync of each: on ext4, 20,000 files of 1 KB
# take 0.3 s where an fsync of each takes 11, and of eight at once 2.4.
_FSYNC_EACH_UP_TO = 32
_FSYNCS_AT_ONCE = 8
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
    """Flush files and folders to the disk: each, or if they are many the file systems that they are on, no other."""
    paths = list(paths)
    if len(paths) <= _FSYNC_EACH_UP_TO:
        for path in paths:
            fsync(path)
        return
    on: dict[int, list[Path]] = {}
    for path in paths:
        on.setdefault(path.stat().st_dev, []).append(path)
    for here in on.values():
        if not _synced(here[0]):
            with ThreadPoolExecutor(_FSYNCS_AT_ONCE) as pool:
                for _ in pool.map(fsync, here):
                    pass


def _synced(path: Path) -> bool:
    """Flush the file system that a path is on, by Linux' syncfs, and return True; False where there is no such call."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if call is None:
        return False
    with opened(path) as descriptor:
        if call(descriptor) == 0:
            return True
    number = ctypes.get_errno()
    if number == errno.ENOSYS:
        return False
    raise OSError(number, os.strerror(number), str(path))


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
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Wait for a lock, and hold it; the system lets go of it however the process ends. The file stays, empty.

    The system also keeps the queue: who waits is woken at once, in turn. filelock, which ``tasks.locks`` uses, asks
    every 50 ms: where eight processes took a lock forty times each, for 5 ms, one waited 2.1 s, here 0.09 s at most.

    Args:
        path: the lock's file.
        waiting: called once if another process holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


_APART = (
    "choose a folder on a disk of this machine with --store: "
    "machines do not share a store by a folder whose locks do not hold"
)


def must_lock(path: Path, root: Path) -> None:
    """Take a lock by two open files at once, and see that the second is refused.

    It shows that locks of this mount exclude each other. It cannot show that they exclude those of another machine that
    mounts the same folder: only a lock that is held there could (``shared_by`` says whether that is to be thought of).

    Args:
        path: a lock's file, which is made if it is not there.
        root: the store's, for what is said.

    Raises:
        StoreUnwritable: locks are not known there, or exclude nobody.
    """
    with explained(root, elsewhere=_APART), path.open("wb") as mine, path.open("wb") as other:
        for lock in (mine, other):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # the first is refused where another process holds it: that shows the same
                return
    raise StoreUnwritable(
        f"cannot use the store {root}: its file system gives one lock to two at once, so that two runs would change "
        f"the same files; {_APART}"
    )


# Of these the kernel says that others may see the same files; FUSE is any program's.
_SHARED = (
    "nfs",
    "cifs",
    "smb",
    "fuse",
    "9p",
    "virtiofs",
    "afs",
    "ceph",
    "lustre",
    "glusterfs",
    "gfs2",
    "ocfs2",
    "beegfs",
)
_MOUNTS = Path("/proc/self/mountinfo")


def shared_by(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """Return the kind of file system by which other machines may see a folder, such as ``nfs4``; None if by none.

    Args:
        folder: is there.
        mounts: what the system has mounted, as ``proc_pid_mountinfo(5)``; nothing is known without it.
    """
    if not mounts.is_file():
        return None
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    lines = (line.split(" - ") for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines())
    kinds = {left.split()[2]: right.split()[0] for left, right in (line for line in lines if len(line) == 2)}
    kind = kinds.get(wanted, "")
    return kind if kind.startswith(_SHARED) else None


# A new database of Prefect's takes 2 MiB; a disk with less left than this is full before the first step ends.
_FIRST_NEED = 4 * 2**20


def must_take(folder: Path, name: str, elsewhere: str = "choose another folder with --store") -> None:
    """Write a small file into a folder, flush it to the disk, and remove it.

    Args:
        folder: is there.
        name: what it is to a person.
        elsewhere: how another is chosen.

    Raises:
        StoreUnwritable: the disk is full, or the folder may not be written.
    """
    with explained(folder, name, elsewhere, _FIRST_NEED), tempfile.TemporaryFile(dir=folder) as file:
        file.write(os.urandom(_FIRST_NEED))  # what a file system cannot compress away
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def explained(
    root: Path, name: str = "the store", elsewhere: str = "choose another folder with --store", need: int | None = None
) -> Iterator[None]:
    """Turn the operating system's refusals to write into one error that says what to do.

    Args:
        root: the folder in which is written.
        name: what it is to a person.
        elsewhere: how another is chosen.
        need: how many bytes at least are wanted there, if that is known.

    Raises:
        StoreUnwritable: names the folder, and its file system if that is full.
    """
    try:
        yield
    except OSError as error:
        ours = error.filename is None or str(root) in str(error.filename)
        if ours and (remedy := _remedy(error, root, elsewhere, need)):
            raise StoreUnwritable(f"cannot write to {name} {root}: {remedy} ({error})") from error
        raise


def _remedy(error: OSError, root: Path, elsewhere: str, need: int | None) -> str | None:
    """Return what a refusal means and what to do, or None if it means nothing of the kind."""
    match error.errno:
        case errno.ENOSPC:
            return f"the disk is full: {_room(root, need)}; free some space there, or {elsewhere}"
        case errno.EDQUOT:
            return f"the disk quota is used up: {_room(root, need)}; free some space there, or {elsewhere}"
        case errno.EROFS:
            return f"the file system is read-only: {elsewhere}"
        case errno.EACCES | errno.EPERM:
            return f"permission denied: {elsewhere}"
        case errno.ENOSYS | errno.ENOLCK | errno.EOPNOTSUPP:
            return f"the file system has no locks that end with their process: {elsewhere}"
        case errno.ENOTDIR | errno.EEXIST:
            return f"it is not a folder: {elsewhere}"
    return None


def _room(folder: Path, need: int | None) -> str:
    """Return in words how much room is left where a folder lies, bytes and names for files, and how much is wanted."""
    place = folder.absolute()
    while not place.is_dir() or not os.path.ismount(place):
        place = place.parent
    found = os.statvfs(place)
    free, size = (blocks * found.f_frsize / 2**20 for blocks in (found.f_bavail, found.f_blocks))
    files = ", and no new file" if found.f_files and not found.f_favail else ""
    wanted = f"; {need / 2**20:,.1f} MiB at least are needed" if need else ""
    return f"{free:,.1f} of {size:,.1f} MiB are left on the file system at {place}{files}{wanted}"
