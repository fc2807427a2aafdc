"""The page on which a person decides about single images, until Ctrl-C: for commands that ask, such as a doctor's."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evergreen.errors import BadInput
from evergreen.recipe_files import Typed
from evergreen.sources.archives.names import visible

if TYPE_CHECKING:
    from evergreen.recipe import Recipe
    from evergreen.sections.base import Range
    from runs.deciding.questions import Lookalike
    from runs.deciding.session import Session
    from storage.store import Store

WhoOption = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Who decides. Default: Git's user.name, else the user.")
]
PortOption = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of the page, on 127.0.0.1; 0 takes any free one.")
]


def refuse_json_beside(option: str, asked: bool, as_json: bool) -> None:
    """Refuse to ask a person where a program reads.

    Raises:
        BadInput: both are asked for.
    """
    if asked and as_json:
        raise BadInput(f"expected {option}, which asks a person, or --json, which a program reads; received both")


def ask_a_person(
    recipe: "Recipe",
    store: "Store",
    rows: Iterable[Mapping[str, Any]],
    classes: Sequence[str],
    values: "Range | None" = None,
    who: str | None = None,
    port: int = 0,
    given_store: Path | None = None,
    lookalikes: "Mapping[str, Sequence[Lookalike]] | None" = None,
) -> "Session | None":
    """Serve the page until Ctrl-C, and say what was decided and what to type next; None where nothing is to decide.

    Args:
        recipe: as it was asked for; its file of decisions is written.
        store: holds the images' bytes.
        rows: what is asked about, as ``runs.deciding.questions.questions_of`` takes it; ``of_a_run`` beside it gives
            them after a diagnosis, with ``classes`` and ``values``.
        classes: that an image can be of.
        values: ``screen.range`` of the images, as ``open_image`` takes it.
        who: decides; None is whoever Git, or this machine, says.
        port: 0 takes any free one.
        given_store: what ``--store`` was given, for the line to type.
        lookalikes: SHA-256 -> pictures beside which that one is shown, as ``questions_of`` takes it.

    Raises:
        BadInput: nobody knows who decides, the port is taken, or the recipe has no file beside which to write.
        BadRecipe: what is decided already cannot be read.
    """
    from runs.deciding.session import sitting

    session = sitting(recipe, rows, classes, who, lookalikes or {})
    return ask_in(session, store.read_blob, values, retrain_line(recipe.typed, given_store), port)


def ask_in(
    session: "Session", read: Callable[[str], bytes], values: "Range | None", next_line: str, port: int = 0
) -> "Session | None":
    """Serve the page of a sitting until Ctrl-C, and say what was decided and what to type next.

    Args:
        session: what is asked, and where answers go.
        read: gives the bytes for a SHA-256.
        values: ``screen.range`` of the images.
        next_line: the command that comes after it.
        port: 0 takes any free one.

    Returns:
        The sitting; None where nothing is to decide.

    Raises:
        BadInput: the port is taken.
    """
    from evergreen.images.thumbnails import for_browser
    from runs.deciding.server import HOST, DecidingServer

    file = visible(str(session.file.path))
    if not session.questions:
        typer.echo(f"nothing to decide: what is asked about is decided in {file}, or nothing is")
        return None

    def picture(digest: str, side: int) -> tuple[bytes, str]:
        return for_browser(read(digest), side, values)

    with DecidingServer(session, picture, next_line, port) as server:
        many = f"{len(session.questions):,} picture{'s' * (len(session.questions) != 1)}"
        typer.echo(f"decide  {many}; what you decide goes to {file}, as {visible(session.who)}")
        typer.echo(f"open    {server.address}")
        typer.echo(f"        on this machine alone ({HOST}); the key behind # is for you. Ctrl-C ends it")
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    for line in told_after(session, next_line):
        typer.echo(line)
    return session


def fix(
    recipe: "Recipe",
    store: "Store",
    summary: dict[str, Any],
    who: str | None = None,
    port: int = 0,
    given_store: Path | None = None,
) -> "Session | None":
    """Ask a person about what a run's diagnosis found, and about pictures that stand under two labels.

    Args:
        recipe: as it was asked for; what is decided by now is not asked.
        store: where bytes rest.
        summary: of a run with a diagnosis, as run.json.
        who: decides, as for ``ask_a_person``.
        port: of the page.
        given_store: what ``--store`` was given.

    Raises:
        BadInput, BadRecipe: as ``ask_a_person``.
        ArtifactMissing, ArtifactDamaged: what the run found is no longer stored.
    """
    from runs.deciding.questions import lookalikes_of, of_a_run
    from runs.summaries.diagnosis import suspects_of
    from runs.summaries.summary import output_of

    screened, diagnosed = (store.manifest(str(output_of(summary, name))).ref() for name in ("screen", "diagnose"))
    asked = of_a_run(store, screened, suspects_of(store, diagnosed))
    alike = lookalikes_of(store, diagnosed)
    return ask_a_person(recipe, store, *asked, who=who, port=port, given_store=given_store, lookalikes=alike)


def retrain_line(typed: Typed, store: Path | None = None) -> str:
    """Return the line that trains a recipe again, as it was asked for."""
    return line_of("retrain", typed, store)


def line_of(command: str, typed: Typed, store: Path | None = None) -> str:
    """Return the line of a command about a recipe, as that was asked for."""
    words = ["evergreen", command, typed.recipe]
    words += [word for text in typed.sources for word in ("--source", text)]
    words += [word for pair in typed.overrides for word in ("--set", pair)]
    return shlex.join([*words, *(["--store", str(store)] if store else [])])


def told_after(session: "Session", next_line: str) -> list[str]:
    """Return what was decided in a sitting, a line each, and what to type next."""
    counts = session.counts()
    left = len(session.questions) - sum(counts.values())
    rest = f"; {left:,} of {len(session.questions):,} left open" if left else ""
    if not counts:
        return [f"decided nothing{rest}"]
    done = ", ".join(f"{count:,} {word}" for word, count in counts.items())
    return [f"decided {done}{rest}", f"next    {next_line}"]
