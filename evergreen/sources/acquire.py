"""Bring a source's bytes here, unopened."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evergreen.sources import http_source, kaggle_source, keras_source, local
from evergreen.sources.embedded import digits_zip
from evergreen.sources.fetching.desk import Desk, Kept
from evergreen.sources.local import LocalFile

if TYPE_CHECKING:
    from evergreen.sections.data import Source

# Bytes made here, a file that stays where it is, or bytes that are on the shelf.
Acquired = bytes | LocalFile | Kept


def acquire(source: "Source", versions: Mapping[str, str], desk: Desk) -> Mapping[str, Acquired]:
    """Return the source's files by name: its archives, or, of a local folder, everything in it.

    Args:
        source: where the images come from.
        versions: the version of each file to fetch, as the probe returned them.
        desk: what may be used of this machine.

    Raises:
        BadInput: a local archive or folder is not there.
        SourceUnavailable: the files cannot be had now; see its subclasses.
    """
    if source.embedded:
        return {f"{source.embedded.name}.zip": digits_zip()}
    if source.local:
        return local.acquire(source.local, versions, desk)
    if source.http:
        return http_source.acquire(source.http, versions, desk)
    if source.keras:
        return keras_source.acquire(source.keras, versions, desk)
    if source.kaggle:
        return kaggle_source.acquire(source.kaggle, versions, desk)
    raise AssertionError(f"no source of kind {source.kind}")
