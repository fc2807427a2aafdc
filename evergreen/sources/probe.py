"""Ask a source for its version, cheaply, before anything is fetched."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import BadInput, NotBuiltYet
from evergreen.sources.embedded import digits_version

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def probe(source: "Source") -> dict[str, str]:
    """Return the source's address, without secrets, and the token of its present version.

    Raises:
        BadInput: the source is not there, or is no archive.
        NotBuiltYet: this kind of source is not built.
    """
    if source.embedded:
        return {"address": f"embedded:{source.embedded.name}", "version": digits_version()}
    if source.local:
        return {"address": f"local:{local_archive(source.local.path).name}", "version": _digest(source.local.path)}
    raise NotBuiltYet(f"not built yet: source.{source.kind}")


def local_archive(path: str) -> Path:
    """Return the path of a local archive.

    Raises:
        BadInput: there is no such file.
        NotBuiltYet: it is a folder.
    """
    resolved = Path(path).expanduser().absolute()
    if resolved.is_dir():
        raise NotBuiltYet(f"not built yet: source.local from a folder; zip {resolved} and name the zip")
    if not resolved.is_file():
        raise BadInput(f"source.local.path: expected a zip, found no file at {resolved}")
    return resolved


def _digest(path: str) -> str:
    with local_archive(path).open("rb") as file:
        return f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
