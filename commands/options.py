"""What the commands have in common: options, exit codes, and how an error is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated

import typer

from commands import completion
from evergreen.errors import BadInput, EvergreenError
from evergreen.paths import can_be_named, is_file
from evergreen.recipe import Recipe, load_recipe
from evergreen.recipe_files import is_name
from evergreen.sources.archives.names import visible_lines
from evergreen.variables import STORE
from runs.own.remarks import remarks_on
from storage.errors import ArtifactMissing, BadReference, StoreError
from storage.store import Store

DONE, FAILED, BAD = 0, 1, 2
# The groups of `evergreen --help`, in this order.
MAKE, LOOK, USE, CARE = "Make a model", "Look", "Use", "Look after"

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def be_quiet(wanted: bool) -> None:
    """Say, before a command begins, whether it tells only errors and its result (``--quiet``)."""
    _quiet.set(wanted)


def is_quiet() -> bool:
    """Whether only errors and the result are told."""
    return _quiet.get()


def example(line: str) -> str:
    """Return what stands below a command's help."""
    return f"Example: {line}"


def tell(note: str) -> None:
    """Say what a person should know beside the result; not with ``--quiet``."""
    if not is_quiet():
        typer.secho(note, err=True, fg=typer.colors.YELLOW)


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
RecipeArgument = Annotated[
    str,
    typer.Argument(
        metavar="RECIPE", help="A name in recipes/, or the path of a YAML file.", autocompletion=completion.recipes
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Replace a value, as train.phases.0.epochs=3; repeatable."),
]
SourceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="PATH_OR_URL",
        help="Take the images from here instead: a path, https://, file:// or kaggle:OWNER/DATASET; given several "
        "times, from all of these together.",
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", help="Under this name in place of the recipe's, and so with a champion of its own."),
]
OnOption = Annotated[
    str | None, typer.Option("--on", metavar="dask|ADDRESS", help="On a Dask cluster: of this machine, or there.")
]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Show what the libraries print, and tracebacks.")]


def renamed(overrides: list[str] | None, name: str | None) -> list[str]:
    """Return the pairs of ``--set`` and, after them, the name that ``--name`` gives the recipe.

    Raises:
        BadInput: no recipe can have that name.
    """
    if name is not None and not is_name(name):
        raise BadInput(f"--name: expected up to 63 of a-z, 0-9 and -, not - first, received {name!r}")
    return [*(overrides or ()), *([f"name={json.dumps(name)}"] if name is not None else [])]


def loaded(recipe: str, overrides: list[str] | None, source: list[str] | None, store: Path | None = None) -> Recipe:
    """Read a recipe, and say what its author should know of it, and what of it may belong to other data.

    Args:
        recipe: its name or path.
        overrides: pairs of ``--set``.
        source: of ``--source``.
        store: the folder of the store whose champions count; without one, nothing is said of other data.

    Raises:
        BadRecipe: it cannot be read, or a value is not allowed.
    """
    read = load_recipe(recipe, overrides or (), source)
    tell_about(read, Store(store) if store else None)
    return read


def tell_about(recipe: Recipe, store: Store | None) -> None:
    """Say what the author of a recipe should know of it."""
    for remark in (*recipe.remarks, *(remarks_on(recipe, store) if store else ())):
        tell(visible_lines(remark))


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
