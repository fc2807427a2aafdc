"""A zip, tar or folder on this machine."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evergreen.errors import BadInput
from evergreen.paths import is_file, is_folder, path_of
from evergreen.sources.archives.names import plain
from evergreen.sources.fetching.context import Kept, SourceContext
from evergreen.sources.folder import Listing, list_file, list_folder, listing_digest

if TYPE_CHECKING:
    from evergreen.sections.data import LocalSource


@dataclass(frozen=True)
class LocalFile:
    """A file that stays where it is: its path, and what the index knows of its bytes."""

    path: Path
    kept: Kept


def version(source: "LocalSource", context: SourceContext) -> dict[str, Any]:
    """Return the digest of the archive, or of the folder's names and contents; unchanged files are not read again.

    What was left out of the folder is in ``left_out``, reason -> count, if anything was.

    Raises:
        BadInput: there is neither, or a file cannot be read.
    """
    path = local_path(source.path)
    left_out: Counter[str] = Counter()
    listing = _listing(path, context, left_out)
    if path.is_dir():
        found = f"folder {listing_digest(listing)}"
    else:
        ((sha256, _),) = listing.values()
        found = f"sha256 {sha256}"
    about = {"address": f"local:{source.path}", "version": found, "files": {}}
    return about | ({"left_out": dict(sorted(left_out.items()))} if left_out else {})


def acquire(source: "LocalSource", versions: Mapping[str, str], context: SourceContext) -> dict[str, LocalFile]:
    """Return where the archive, or every file of the folder, lies.

    Raises:
        BadInput: there is neither, or a file cannot be read.
    """
    path = local_path(source.path)
    base = path if path.is_dir() else path.parent
    return {plain(name): LocalFile(base / name, Kept(*known)) for name, known in _listing(path, context).items()}


def local_path(path: str) -> Path:
    """Return the absolute path of a local archive or folder.

    Raises:
        BadInput: there is neither.
    """
    resolved = path_of(path).absolute()
    if not is_file(resolved) and not is_folder(resolved):
        raise BadInput(f"source.local.path: expected a zip, a tar or a folder, found none at {resolved}")
    return resolved


def _listing(path: Path, context: SourceContext, left_out: Counter[str] | None = None) -> Listing:
    name = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    index = context.indexes / f"{name}.json"
    if not path.is_dir():
        return list_file(path, index)
    return list_folder(path, index, context.store, Counter() if left_out is None else left_out)
