"""What the commands have in common: options, exit codes, and how an error is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from evergreen.errors import BadInput, EvergreenError
from evergreen.paths import can_be_named, is_file
from evergreen.recipe import Recipe, load_recipe
from evergreen.sources.archives.names import visible_lines
from evergreen.variables import STORE
from storage.errors import ArtifactMissing, BadReference, StoreError

DONE, FAILED, BAD = 0, 1, 2


def _read(store: Path | None) -> Path | None:
    try:
        path = store and Path(STORE.read(str(store)))
    except ValueError:
        raise typer.BadParameter(f"{str(store)!r} is in the home of somebody whom this machine does not know") from None
    if path and not can_be_named(path.absolute()):
        raise typer.BadParameter(f"no folder can be called {str(store)!r}: the name is too long")
    if path and is_file(path):
        raise typer.BadParameter("expected a folder, which is made if it is not there; a file is called so")
    return path


StoreOption = Annotated[
    Path | None,
    typer.Option("--store", envvar=STORE.name, callback=_read, help="Folder of the store. Default: .evergreen/"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
RecipeArgument = Annotated[str, typer.Argument(help="A name in recipes/, or the path of a YAML file.")]
SetOption = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Replace a value, as train.phases.0.epochs=3.")
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="PATH_OR_URL",
        help="Take the images from here instead: a path, https://, file:// or kaggle:OWNER/DATASET.",
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Show what the libraries print, and tracebacks.")]


def loaded(recipe: str, overrides: list[str] | None, source: str | None) -> Recipe:
    """Read a recipe, and say what its author should know of it.

    Raises:
        BadRecipe: it cannot be read, or a value is not allowed.
    """
    read = load_recipe(recipe, overrides or (), source)
    for remark in read.remarks:
        typer.secho(remark, err=True, fg=typer.colors.YELLOW)
    return read


@contextmanager
def errors(verbose: bool) -> Iterator[None]:
    """Turn our errors into one message and an exit code; a traceback only with ``--verbose``."""
    try:
        yield
    except (EvergreenError, StoreError) as error:
        if verbose:
            raise
        typer.secho(visible_lines(str(error)), err=True, fg=typer.colors.RED)
        raise typer.Exit(BAD if isinstance(error, BadInput | BadReference | ArtifactMissing) else FAILED) from None
