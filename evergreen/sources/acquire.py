"""Bring a source's bytes here, unopened."""

from pathlib import Path
from typing import TYPE_CHECKING

from evergreen.errors import NotBuiltYet
from evergreen.sources.embedded import digits_zip
from evergreen.sources.probe import local_archive

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def acquire(source: "Source") -> dict[str, bytes | Path]:
    """Return the source's archives: file name -> its bytes, or the path where they lie.

    Raises:
        BadInput: a local archive is not there.
        NotBuiltYet: this kind of source is not built.
    """
    if source.embedded:
        return {f"{source.embedded.name}.zip": digits_zip()}
    if source.local:
        path = local_archive(source.local.path)
        return {path.name: path}
    raise NotBuiltYet(f"not built yet: source.{source.kind}")
