"""Several sources of one recipe: what each is called, and which of them an error is about."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evergreen.addresses import shown
from evergreen.errors import EvergreenError

if TYPE_CHECKING:
    from evergreen.sections.data import Source


def names_of(sources: Sequence["Source"]) -> list[str]:
    """Return what people read of each source: its address without secrets, as ``probe`` says it.

    Those of one address (two versions of a dataset) are numbered.
    """
    addresses = [address_of(source) for source in sources]
    return [
        f"{address} ({addresses[: number + 1].count(address)})" if addresses.count(address) > 1 else address
        for number, address in enumerate(addresses)
    ]


def address_of(source: "Source") -> str:
    """Return a source's address without secrets; nobody is asked."""
    if source.http:
        return " ".join(shown(file.url) for file in source.http.files)
    if source.local:
        return f"local:{source.local.path}"
    if source.kaggle:
        return f"kaggle:{source.kaggle.dataset}"
    known = source.keras or source.embedded
    return f"{source.kind}:{known.name if known else ''}"


def answers_in(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what each source answered, from the facts of what probe published; also where there is one."""
    return list(facts.get("sources", [facts]))


def versions_in(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return {what a source is called: its version}, from the facts of what probe published."""
    named = ((answer.get("name") or answer.get("address", ""), answer["version"]) for answer in answers_in(facts))
    return {str(name): str(version) for name, version in named}


@contextmanager
def about(name: str) -> Iterator[None]:
    """Say of an error inside which of several sources it is about; its type and what it carries stay.

    Args:
        name: of the source; empty where a recipe has one alone, whose errors stay as they are.

    Raises:
        EvergreenError: as it came.
    """
    try:
        yield
    except EvergreenError as error:
        if name:
            error.args = (f"of several sources, {name}: {error}", *error.args[1:])
        raise
