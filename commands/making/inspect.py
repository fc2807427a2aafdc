"""The command ``evergreen inspect``."""

from typing import Annotated

import typer

from commands.options import (
    MAKE,
    JsonOption,
    NameOption,
    RecipeArgument,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    loaded,
    renamed,
)
from commands.running import ended, run_flow
from commands.terminal import show_inspection
from runs.place import store_root

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen inspect digits --source ~/photos --dry-run"))
def inspect(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show which folder becomes which class, and why.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Look at a recipe's data: classes, sizes, samples, quarantine, duplicates. Trains nothing."""
    root = store_root(store)
    with errors(verbose):
        overrides = renamed(overrides, name)
        loaded(recipe, overrides, source, root)
    summary, code = run_flow("inspect", (recipe, overrides, source), {"dry_run": dry_run}, root, verbose)
    ended(summary, code, root, as_json, show_inspection)
