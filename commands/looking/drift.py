"""The command ``evergreen drift``."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.options import (
    LOOK,
    JsonOption,
    RecipeArgument,
    SetOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
)
from evergreen.recipe import load_recipe
from runs.place import store_root
from runs.shared.opening import held
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()
_CALM = ("no drift found", "not compared")


@app.command(rich_help_panel=LOOK, epilog=example("evergreen drift digits new-photos/"))
def drift(
    recipe: RecipeArgument,
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH",
            help="Files, folders, patterns, URLs; or a log of the model's answers: one .csv, or the folder in which "
            "evergreen serve --log keeps them. Default: what the newest run has beside the champion's images.",
        ),
    ] = None,
    most: Annotated[int, typer.Option("--images", min=2, help="Look at no more files than this, drawn by seed.")] = 500,
    overrides: SetOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Say whether new images are like those that the recipe's model was judged by. Trains nothing."""
    from rich.console import Console

    root = store_root(store)
    with errors(verbose):
        wanted = load_recipe(recipe, overrides or ())
        with held(root) as kept:
            found = _found(kept, wanted, paths or [], most, verbose)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        show_drift(Console(), found)


def _found(store: Store, recipe: Any, paths: list[str], most: int, verbose: bool) -> dict[str, Any]:
    from commands.quiet import log_of, only_ours
    from runs.drifting.asking import asked

    with only_ours(None if verbose else log_of(store.root, "drift")) as (_, err):

        def say(text: str) -> None:
            err.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

        return asked(store, recipe, paths, most, say)


def show_drift(console: "Console", found: dict[str, Any]) -> None:
    """Print the verdict, what differs, which pictures carry it, and the accuracy that is foretold."""
    from commands.lines import say

    style = "yellow" if found["verdict"] not in _CALM else ""
    say(console, "drift", found["words"], style)
    for source in found.get("sources", ()):
        told = f"p = {source['together']:.2g}: {source['words']}"
        say(console, source["name"], told, "yellow" if source["found"] else "")
    if accuracy := found.get("accuracy"):
        say(console, "accuracy", accuracy["words"])
    for note in found.get("notes", ()):
        say(console, "note", note, "yellow")
    carried = [source for source in found.get("sources", ()) if source["found"]]
    if carried:
        say(console, "pictures", f"these carry {carried[0]['name']} most:")
        for picture in carried[0]["pictures"]:
            say(console, "", picture["image"])
