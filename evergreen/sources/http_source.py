"""Files behind URLs."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from evergreen.addresses import file_name, shown, with_query
from evergreen.errors import OnlyInARun
from evergreen.sources.fetching.answers import Ask, ask
from evergreen.sources.fetching.context import Kept, SourceContext
from evergreen.sources.fetching.download import Wanted, fetch

if TYPE_CHECKING:
    from evergreen.sections.data import HttpFile, HttpSource


def version(source: "HttpSource", context: SourceContext) -> dict[str, Any]:
    """Ask for the present version of every file.

    A file whose SHA-256 the recipe states is of that version, and nobody is asked. One whose server says neither a tag
    nor a date is fetched whole, here, and its digest is its version: anything less could hide a change.

    Raises:
        SourceUnavailable: see its subclasses.
        BadInput: the query's environment variable or Secret block is not there.
        OnlyInARun: the file would have to be fetched, and may not be.
    """
    files = {}
    for name, file in _named(source):
        if file.sha256:
            files[name] = f"sha256 {file.sha256}"
            continue
        asked = _ask(source, file, context)
        files[name] = ask(asked).version or _digest(name, asked, context)
    return {
        "address": " ".join(shown(file.url) for file in source.files),
        "version": "; ".join(f"{name} {value}" for name, value in files.items()),
        "files": files,
    }


def acquire(source: "HttpSource", versions: Mapping[str, str], context: SourceContext) -> dict[str, Kept]:
    """Fetch every file in the version that the probe saw.

    Args:
        source: the recipe's section.
        versions: file name -> version, as ``version`` returned them.
        context: what may be used of this machine.

    Raises:
        SourceUnavailable: see its subclasses.
    """
    kept = {}
    for name, file in _named(source):
        label = versions[name]
        expected = None if label.startswith("sha256 ") else label
        digest = label.removeprefix("sha256 ") if expected is None else None
        kept[name] = fetch(Wanted(name, _ask(source, file, context), label, expected, digest), context)
    return kept


def _digest(name: str, asked: Ask, context: SourceContext) -> str:
    if not context.may_fetch:
        raise OnlyInARun(f"the server says no version of {name}, so a run fetches it to see whether it changed")
    return f"sha256 {fetch(Wanted(name, asked, None), context).sha256}"


def _named(source: "HttpSource") -> Iterator[tuple[str, "HttpFile"]]:
    """Yield (name here, file); two addresses that end alike are told apart by their number."""
    names = [file_name(file.url) for file in source.files]
    for number, (name, file) in enumerate(zip(names, source.files, strict=True), start=1):
        yield (name if names.count(name) == 1 else f"{number}-{name}"), file


def _ask(source: "HttpSource", file: "HttpFile", context: SourceContext) -> Ask:
    if file.query:
        renew = f"the signed URL has expired or is not valid; get a new one and put its query into {file.query}"
    else:
        renew = "the address wants a login, or a signed query that is not in the recipe (source.http.files.query)"
    return Ask(
        address=lambda: with_query(file.url, file.query, context.open_secret),
        shown=shown(file.url),
        renew=renew,
        attempts=source.attempts,
        stall_seconds=source.stall_seconds,
        pause_seconds=source.pause_seconds,
    )
