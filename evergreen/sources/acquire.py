"""Bring a source's bytes here, unopened."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import NotBuiltYet
from evergreen.sources.embedded import digits_zip
from evergreen.sources.folder import list_folder
from evergreen.sources.probe import index_file, local_path

if TYPE_CHECKING:
    from evergreen.sections.data import Source


@dataclass(frozen=True)
class LocalFile:
    """One file of a local folder: where it lies, and what the folder's index knows of it."""

    path: Path
    sha256: str
    size: int


def acquire(source: "Source", indexes: Path) -> dict[str, bytes | Path | LocalFile]:
    """Return the source's archives: file name -> its bytes, or the path where they lie. Of a folder: its files.

    Args:
        source: where the images come from.
        indexes: a folder for caches; a local folder's index lies there.

    Raises:
        BadInput: a local archive or folder is not there.
        NotBuiltYet: this kind of source is not built.
    """
    if source.embedded:
        return {f"{source.embedded.name}.zip": digits_zip()}
    if source.local:
        path = local_path(source.local.path)
        if path.is_file():
            return {path.name: path}
        listing = list_folder(path, index_file(path, indexes))
        return {name: LocalFile(path / name, *known) for name, known in listing.items()}
    raise NotBuiltYet(f"not built yet: source.{source.kind}")
