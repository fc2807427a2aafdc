"""Ask a source for its version, cheaply, before anything is fetched."""

from typing import TYPE_CHECKING, Any

from evergreen.sources import http_source, kaggle_source, keras_source, local
from evergreen.sources.embedded import digits_version
from evergreen.sources.fetching.desk import Desk

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def probe(source: "Source", desk: Desk) -> dict[str, Any]:
    """Return what is known of the source's present version.

    Args:
        source: where the images come from.
        desk: what may be used of this machine.

    Returns:
        ``address``, without secrets; ``version``, in words, the same as long as the bytes are; ``files``, the version
        of each file to fetch, by its name.

    Raises:
        BadInput: the source is not there.
        SourceUnavailable: nobody can say now; see its subclasses.
    """
    if source.embedded:
        return {"address": f"embedded:{source.embedded.name}", "version": digits_version(), "files": {}}
    if source.local:
        return local.version(source.local, desk)
    if source.http:
        return http_source.version(source.http, desk)
    if source.keras:
        return keras_source.version(source.keras, desk)
    if source.kaggle:
        return kaggle_source.version(source.kaggle)
    raise AssertionError(f"no source of kind {source.kind}")
