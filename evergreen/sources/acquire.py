"""Bring a source's bytes here, unopened."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.kinds import Acquired, kind_of

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def acquire(source: "Source", versions: Mapping[str, str], context: SourceContext) -> Mapping[str, Acquired]:
    """Return the source's files by name: its archives, or, of a local folder, everything in it.

    Args:
        source: where the images come from.
        versions: the version of each file to fetch, as the probe returned them.
        context: what may be used of this machine.

    Raises:
        BadInput: a local archive or folder is not there.
        SourceUnavailable: the files cannot be had now; see its subclasses.
    """
    kind, section = kind_of(source)
    return kind.acquire(section, versions, context)
