"""What may stand behind a store: a remote, from which comes what is not here. Names alone; storage.remote has one."""

from typing import Protocol

from storage.artifacts import Manifest


class Behind(Protocol):
    """Where what a store lacks may be had. Nothing of it raises: what cannot be had now is not there.

    Attributes:
        brought: keys of records that came from there.
    """

    brought: set[str]

    def bring(self, sha256: str) -> bool:
        """Bring a blob into the store, checked, and return whether it is there now."""

    def manifest(self, sha256: str) -> Manifest | None:
        """Return an artifact's manifest, checked."""

    def holds(self, sha256: str, manifest: Manifest) -> bool:
        """Whether every file of an artifact is in the store or can be brought."""

    def record(self, key: str) -> bytes | None:
        """Return the file of the record of a step key; who reads it judges it."""

    def refuse(self, name: str, why: str) -> None:
        """Note that an object that came from there cannot be relied on."""
