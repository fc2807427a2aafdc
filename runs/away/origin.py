"""Which store a task works with that was sent out: the sender's, where that is seen, or one of the worker's own.

A worker has its own store where its own environment says so (``EVERGREEN_STORE``), else the sender's folder, if that
very store is in it. Any other is refused: a result in a store that nobody meant is lost. Where the two are not the
same, the remote lies between them; only its address travels, never a key: each machine reads those itself.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from evergreen.errors import EvergreenError
from evergreen.variables import REMOTE, STORE, value_of
from runs.shared.opening import behind_of, opened
from storage.errors import StoreError
from storage.identity import identity_of, in_short, known_identity
from storage.store import Store


class WrongStore(EvergreenError):
    """A worker has no store that a task can be done with."""


@dataclass(frozen=True)
class Origin:
    """Where a task comes from.

    Attributes:
        store: folder of the sender's store.
        identity: which store it is.
        remote: address of what is behind it, without keys; None if there is none.
        ours: whether it is done by a process that the sender started, which has the same folders.
    """

    store: Path
    identity: str
    remote: str | None
    ours: bool

    @classmethod
    def of(cls, store: Store, *, ours: bool) -> Origin:
        """Return where what is sent out with a store comes from.

        Raises:
            ArtifactDamaged, StoreUnwritable: as ``identity_of``.
        """
        behind = behind_of(store)
        address = behind.remote.objects.address if behind else None
        if address and "://" not in address:
            address = str(Path(address).expanduser().absolute())  # a worker has another working folder
        return cls(store.root, identity_of(store.root), address, ours)

    def here(self) -> tuple[Store, bool]:
        """Return the store to work with in this process, and whether it is the sender's.

        Raises:
            WrongStore: there is none, or which remote is between the two is not clear.
        """
        if self.ours:
            return Store(self.store), True
        own = value_of(STORE)
        root = Path(own).absolute() if own else self.store
        try:
            known = known_identity(root)
        except (StoreError, OSError) as error:
            raise WrongStore(f"{_whose(root)}: {error}") from None
        if known == self.identity:
            return Store(root), True
        if own is None:
            there = f"store {in_short(known)}" if known else "no store"
            raise WrongStore(
                f"{_whose(root)}: expected store {in_short(self.identity)}, that of the sender, found {there}; let it "
                f"see that folder, or give each worker {STORE.name} of its own, and all machines one {REMOTE.name}"
            )
        return self._of_its_own(root), False

    def _of_its_own(self, root: Path) -> Store:
        if self.remote is None:
            raise WrongStore(
                f"{_whose(root)}: expected store {in_short(self.identity)} or a remote behind it, found another store "
                f"({STORE.name}), and where the work comes from {REMOTE.name} is not set: set it there, or unset "
                f"{STORE.name} of workers that see {self.store}"
            )
        own = value_of(REMOTE)
        if own and own != self.remote and "s3://" in own + self.remote:
            raise WrongStore(  # not repeated: it may hold what it should not
                f"{_whose(root)}: expected {REMOTE.name}={self.remote}, as where the work comes from, found another; "
                "set the same, or unset it: then that is taken"
            )
        try:
            return opened(root, own or self.remote)
        except StoreError as error:
            raise WrongStore(f"{_whose(root)}: {error}") from None


def _whose(root: Path) -> str:
    return f"the worker on {socket.gethostname()} with the store {root}"
