"""Ask a source for its version, cheaply, before anything is fetched."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import BadInput, NotBuiltYet
from evergreen.sources.embedded import digits_version
from evergreen.sources.folder import list_folder, listing_digest

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def probe(source: "Source", indexes: Path) -> dict[str, str]:
    """Return the source's address, without secrets, and the token of its present version.

    Args:
        source: where the images come from.
        indexes: a folder for caches; a local folder's index lies there.

    Raises:
        BadInput: the source is not there.
        NotBuiltYet: this kind of source is not built.
    """
    if source.embedded:
        return {"address": f"embedded:{source.embedded.name}", "version": digits_version()}
    if source.local:
        path = local_path(source.local.path)
        if path.is_dir():
            version = f"folder {listing_digest(list_folder(path, index_file(path, indexes)))}"
        else:
            with path.open("rb") as file:
                version = f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
        return {"address": f"local:{source.local.path}", "version": version}
    raise NotBuiltYet(f"not built yet: source.{source.kind}")


def local_path(path: str) -> Path:
    """Return the absolute path of a local archive or folder.

    Raises:
        BadInput: there is neither.
    """
    resolved = Path(path).expanduser().absolute()
    if not resolved.is_file() and not resolved.is_dir():
        raise BadInput(f"source.local.path: expected a zip or a folder, found neither at {resolved}")
    return resolved


def index_file(folder: Path, indexes: Path) -> Path:
    """Return where the index of a local folder lies."""
    return indexes / f"{hashlib.sha256(str(folder).encode('utf-8', 'surrogateescape')).hexdigest()[:32]}.json"
