"""Who relies on a store, and who collects its garbage: never both at once.

A lock of the system, shared by whoever relies on what is stored, and held alone by whoever collects. It ends with its
holder, however that ends.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator

from storage.disk import explained
from storage.store import Store

_NAME = "in-use.lock"
_CANNOT = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def in_use(store: Store) -> Iterator[None]:
    """Let nothing of a store be collected while this lasts; waits until a collection that goes on has ended.

    A store that is not there yet, or that this user may only read, is used without the lock.

    Raises:
        StoreUnwritable: the disk is full.
    """
    with contextlib.ExitStack() as held:
        try:
            descriptor = os.open(store.root / _NAME, os.O_RDONLY | os.O_CREAT, 0o644)
        except OSError as error:
            if error.errno not in _CANNOT:
                with explained(store.root):
                    raise
        else:
            held.callback(os.close, descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextlib.contextmanager
def exclusively(store: Store) -> Iterator[bool]:
    """Yield whether nobody uses the store; if so, nobody begins to while this lasts.

    Raises:
        StoreUnwritable: the store may not be written.
    """
    with explained(store.root):
        descriptor = os.open(store.root / _NAME, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
