"""What a source may use of this machine; whoever knows the store and Prefect provides it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evergreen.addresses import OpenSecret

# Hears (name of a file, bytes that are here, bytes in all or None) while it is fetched.
Tell = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class Kept:
    """Bytes that are on the shelf: their SHA-256, 64 hex digits, and their size in bytes."""

    sha256: str
    size: int


class Shelf(Protocol):
    """Where finished bytes rest, by digest."""

    def has(self, kept: Kept) -> bool:
        """Whether these bytes are here, whole."""

    def take(self, path: Path, kept: Kept) -> None:
        """Move a finished file in; it is on the same file system."""


@dataclass(frozen=True)
class SourceContext:
    """What a source may use of this machine.

    Attributes:
        shelf: where finished bytes rest.
        downloads: a folder for files that are half here, and for what is known of finished ones; it may be deleted.
        indexes: a folder for the indexes of local files and folders; it may be deleted.
        open_secret: returns the value of a Prefect Secret block by its name.
        tell: hears how a download goes.
        may_fetch: False for a plan, which asks and brings nothing here.
        store: the folder of the store in use, which is never part of a source; it need not be there.
    """

    shelf: Shelf
    downloads: Path
    indexes: Path
    open_secret: OpenSecret
    tell: Tell
    may_fetch: bool = True
    store: Path | None = None
