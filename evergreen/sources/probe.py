"""Ask a source for its version, cheaply, before anything is fetched."""

from typing import TYPE_CHECKING, Any

from evergreen.sources.fetching.context import SourceContext
from evergreen.sources.kinds import kind_of

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def probe(source: "Source", context: SourceContext) -> dict[str, Any]:
    """Return what is known of the source's present version.

    Args:
        source: where the images come from.
        context: what may be used of this machine.

    Returns:
        ``address``, without secrets; ``version``, in words, the same as long as the bytes are; ``files``, the version
        of each file to fetch, by its name.

    Raises:
        BadInput: the source is not there.
        SourceUnavailable: nobody can say now; see its subclasses.
    """
    kind, section = kind_of(source)
    return kind.version(section, context)
