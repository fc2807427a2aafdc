"""A store with the remote behind it that EVERGREEN_REMOTE names. Knows no Prefect."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evergreen.variables import REMOTE, value_of
from storage.digests import sha256_bytes
from storage.in_use import in_use
from storage.remote.behind import RemoteBehind
from storage.remote.objects import opened as objects_at
from storage.remote.push import Memory
from storage.remote.remote import Remote
from storage.store import Store


def opened(root: Path, remote: str | None = None) -> Store:
    """Return a store, and behind it the remote, if one is named; asks nobody.

    Args:
        root: the store's folder.
        remote: its address; what EVERGREEN_REMOTE names, if empty.

    Raises:
        BadReference: EVERGREEN_REMOTE, or the endpoint of its server, is no address that may be used.
        RemoteRefused: what reads buckets is not installed.
    """
    store = Store(root)
    if address := remote or value_of(REMOTE):
        store.behind = RemoteBehind(store, Remote(objects_at(address), _folder(store, address)))
    return store


@contextmanager
def held(root: Path) -> Iterator[Store]:
    """Yield a store, its remote behind it, while nothing of it is collected; raises as ``opened``."""
    store = opened(root)
    with in_use(store):
        yield store


def behind_of(store: Store) -> RemoteBehind | None:
    """Return the remote behind a store, if it has one."""
    return store.behind if isinstance(store.behind, RemoteBehind) else None


def memory_of(store: Store, behind: RemoteBehind) -> Memory:
    """Return what a store is known to have pushed."""
    return Memory(_folder(store, behind.remote.objects.address) / "pushed.json")


def _folder(store: Store, address: str) -> Path:
    """Return where indexes of a remote, and what was pushed into it, are remembered; another remote has another."""
    return store.root / "remote" / sha256_bytes(address.encode())[:16]
