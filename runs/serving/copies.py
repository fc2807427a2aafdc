"""The folder into which a service copies models: its own, and gone with it, at the latest when the next one starts."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "evergreen-serve-"


@contextlib.contextmanager
def folder_of_copies(parent: Path | None = None) -> Iterator[Path]:
    """Yield a new folder, and delete it in the end; before that, those whose services were killed.

    Args:
        parent: where it is made; None takes the system's folder for temporary files.
    """
    parent = parent or Path(tempfile.gettempdir())
    for left in parent.glob(f"{_PREFIX}*"):
        with _alone(left) as alone:
            if alone:
                shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    with _alone(made):  # the lock ends with its holder, however that ends
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Yield whether nobody else holds a folder of this user's; if so, hold it."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # another user's, or gone meanwhile
        yield False
        return
    try:
        if os.fstat(descriptor).st_uid != os.getuid():
            yield False
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
