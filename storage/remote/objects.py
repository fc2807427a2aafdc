"""Objects under a prefix, with the few verbs that a remote needs, wherever they lie.

Every implementation keeps these promises, which the tests try on each: an object is seen whole or not at all; of
several who put a new one, one does (``put_new``); of several who replace the one that they read, one does
(``put_if``). What is not there is None, not an error; errors are those of ``storage.errors.RemoteError``, and no text
of theirs, nor ``repr``, holds a key or a password.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from storage.errors import BadReference

EXPECTED = "s3://BUCKET/PREFIX, file:///FOLDER or the path of a folder"


@dataclass(frozen=True)
class Found:
    """One object of a listing: its name under the prefix, its size in bytes, and when it was written (seconds, UTC)."""

    name: str
    size: int
    written: float


class Objects(Protocol):
    """Objects under a prefix. Names are of ``a-z0-9-./``; ``put_if`` has names that no other verb writes."""

    @property
    def address(self) -> str:
        """Return where they are, as a person named it."""

    def get(self, name: str) -> bytes | None:
        """Return an object's bytes."""

    def get_range(self, name: str, start: int, length: int) -> bytes | None:
        """Return so many bytes from ``start`` on, fewer where the object ends before."""

    def get_into(self, name: str, path: Path) -> bool:
        """Write an object's bytes to a file, and return whether there was one; memory stays flat."""

    def head(self, name: str) -> Found | None:
        """Return what a listing would say of one object."""

    def put_new(self, name: str, content: bytes | Path) -> bool:
        """Put an object unless there is one of that name, and return whether it was put."""

    def put_over(self, name: str, content: bytes | Path) -> None:
        """Put an object in place of the one that may be there."""

    def get_tagged(self, name: str) -> tuple[bytes, str] | None:
        """Return the bytes of an object that ``put_if`` writes, and the tag of this version of it."""

    def put_if(self, name: str, data: bytes, tag: str | None) -> bool:
        """Replace the version of that tag, or put the first one (None), and return whether that was done."""

    def list(self, under: str) -> Iterator[Found]:
        """Yield the objects below ``under/``, in no particular order; none of those that ``put_if`` writes."""

    def list_tagged(self, under: str) -> Iterator[Found]:
        """Yield the objects below ``under/`` that ``put_if`` writes; below it no other verb does."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; what is not there is passed over.

        Of those that ``put_if`` writes only what nobody changes any more: with one gone, whoever read it before may
        take the next for its own.
        """

    def ask(self) -> None:
        """Raise what stands in the way of reading here, if anything does."""


def opened(address: str) -> Objects:
    """Return the objects at an address. Touches neither disk nor network.

    Args:
        address: ``s3://bucket/prefix``, ``file:///folder`` or the path of a folder.

    Raises:
        BadReference: it is no such address, or has a password or a query in it.
        RemoteRefused: what reads buckets is not installed.
    """
    from storage.remote.folder import Folder

    parts = urlsplit(address)
    login = parts.scheme == "s3" and ("@" in address or ":" in parts.netloc)
    if login or ("://" in address and (parts.query or parts.fragment)):  # not repeated: it may be a secret
        raise BadReference(
            f"the remote: expected {EXPECTED}, received an address with a user, a query or a fragment; keys belong "
            "into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    if parts.scheme == "s3" and parts.netloc:
        from storage.remote.bucket import Bucket

        return Bucket(parts.netloc, parts.path.strip("/"))
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path.startswith("/"):
        return Folder(Path(unquote(parts.path)), address)
    if "://" in address or not address.strip() or "\0" in address:
        raise BadReference(f"the remote: expected {EXPECTED}, received {address!r}")
    return Folder(Path(address).expanduser().absolute(), address)
