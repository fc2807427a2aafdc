"""The kinds of sources: what a recipe may name, and the module that asks for and brings each."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from evergreen.sources import embedded, http_source, kaggle_source, keras_source, local
from evergreen.sources.fetching.context import Kept, SourceContext
from evergreen.sources.local import LocalFile

if TYPE_CHECKING:
    from evergreen.sections.data import Source

# Bytes made here, a file that stays where it is, or bytes that are on the shelf.
Acquired = bytes | LocalFile | Kept


class Kind(Protocol):
    """What the module of a kind has. It imports late what is heavy: a recipe of another kind never needs it."""

    def version(self, source: Any, context: SourceContext, /) -> dict[str, Any]:
        """Return what is known of the source's present version, as ``probe``."""

    def acquire(self, source: Any, versions: Mapping[str, str], context: SourceContext, /) -> Mapping[str, Acquired]:
        """Return the source's files by name, as ``acquire``."""


# Field of ``source`` in the recipe -> its module. All are imported here, so the keys of probe and acquire see them.
KINDS: dict[str, Kind] = {
    "embedded": embedded,
    "local": local,
    "http": http_source,
    "kaggle": kaggle_source,
    "keras": keras_source,
}


def kind_of(source: "Source") -> tuple[Kind, Any]:
    """Return the kind of a source, and its own section of the recipe."""
    return KINDS[source.kind], getattr(source, source.kind)
