"""The command that cross-validates a recipe."""

from typing import Annotated, Any

import typer

from commands.options import (
    DONE,
    MAKE,
    JsonOption,
    NameOption,
    OnOption,
    RecipeArgument,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    renamed,
    tell_about,
)
from commands.running import ended, reused_whole, run_flow
from commands.terminal import show_run
from evergreen.cluster import address_of
from evergreen.fold_steps import steps_of_folds
from evergreen.recipe import Recipe
from flows.servers.named_server import named_server
from runs.folds import with_folds
from runs.place import store_root
from runs.shared.opening import opened
from runs.summaries.folds import CROSS_VALIDATED
from storage.store import Store

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen folds digits --folds 5"))
def folds(
    recipe: RecipeArgument,
    number: Annotated[
        int | None,
        typer.Option("--folds", metavar="K", help="How many. Default: the recipe's evaluate.folds, or 5."),
    ] = None,
    on: OnOption = None,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Cross-validate a recipe: every image judged once, by a network that did not see it. No model comes of it."""
    root = store_root(store)
    with errors(verbose):
        overrides = renamed(overrides, name)
        wanted = with_folds(recipe, overrides, source, number)
        kept = opened(root)
        tell_about(wanted, kept)
        address_of(on)
        summary = None if named_server() else _reused(wanted, kept)
    code = DONE
    if summary is None:
        options: dict[str, Any] = {"folds": wanted.evaluate.folds, "on": on}
        summary, code = run_flow("folds", (recipe, overrides, source), options, root, verbose)
    ended(summary, code, root, as_json, show_run)


def _reused(recipe: Recipe, store: Store) -> dict[str, Any] | None:
    return reused_whole(recipe, store, steps_of_folds(recipe.evaluate.folds), CROSS_VALIDATED, "folds")
