"""Work in progress: private folders on the store's file system, each locked by its process while that lives."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from storage import disk
from storage.disk import explained, locked, opened

_DAY = 86_400.0
# What tells a store from other folders, so that none is taken for photos; evergreen.sources.walk knows its name, too.
MARKER = ".evergreen-store"
_MARKS = "This folder is a store of Evergreen's: what it made, and what it made it of. It is no part of any source.\n"


@contextlib.contextmanager
def workspace(root: Path) -> Iterator[Path]:
    """Yield a private folder below a store's root; it is removed at the end, whatever happened.

    Raises:
        StoreUnwritable: the store may not be written, or the disk is full.
    """
    with explained(root):
        with _tmp_locked(root) as parent:
            folder = Path(tempfile.mkdtemp(dir=parent))
            owned = os.open(folder, os.O_RDONLY)
            fcntl.flock(owned, fcntl.LOCK_EX)  # the system lets go of it however this process ends
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(owned)


def sweep(root: Path) -> int:
    """Remove work in progress that nobody goes on with, and return how many folders and files that were.

    A folder is its process's, which holds a lock on it while it lives. A file is no workspace, so that nobody need
    have locked it: it goes once nobody has written to it for a day either.

    Raises:
        StoreUnwritable: the store may not be written.
    """
    swept = 0
    with explained(root), _tmp_locked(root) as parent:
        for path in parent.iterdir():
            # Its owner may end, and remove it, at any moment; another user's is not ours to open.
            with contextlib.suppress(FileNotFoundError, PermissionError, BlockingIOError):
                swept += _swept(path)
    return swept


def must_lock(root: Path) -> None:
    """See that locks of the store's file system exclude each other; what that shows, ``disk.must_lock`` says.

    Raises:
        StoreUnwritable: they do not, or the store may not be written.
    """
    with explained(root):
        root.mkdir(parents=True, exist_ok=True)
    disk.must_lock(root / "tmp.lock", root)


@contextlib.contextmanager
def _tmp_locked(root: Path) -> Iterator[Path]:
    """Yield the folder of work in progress while nobody else makes or sweeps a workspace."""
    parent = root / "tmp"
    parent.mkdir(parents=True, exist_ok=True)
    if not (root / MARKER).exists():  # new, or of an earlier version
        (root / MARKER).write_text(_MARKS, encoding="utf-8")
    with locked(root / "tmp.lock"):
        yield parent


def _swept(path: Path) -> bool:
    """Remove what lies among work in progress unless somebody is at it, and return whether it is gone.

    Raises:
        BlockingIOError: somebody has locked it.
    """
    found = path.lstat()
    is_folder = stat.S_ISDIR(found.st_mode)
    if not is_folder and found.st_mtime > time.time() - _DAY:
        return False
    with contextlib.ExitStack() as held:
        if is_folder or stat.S_ISREG(found.st_mode):  # a pipe would wait for its writer, a link leads elsewhere
            fcntl.flock(held.enter_context(opened(path)), fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_folder:
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    return not os.path.lexists(path)
