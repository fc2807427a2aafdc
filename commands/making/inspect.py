"""The command ``evergreen inspect``."""

import json
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
    is_quiet,
    loaded,
    renamed,
)
from commands.running import run_flow
from commands.stopping import STOPPED
from commands.terminal import show_inspection, show_last
from runs.place import store_root
from storage.runs import run_folder
from storage.store import Store

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
    from rich.console import Console

    root = store_root(store)
    with errors(verbose):
        overrides = renamed(overrides, name)
        loaded(recipe, overrides, source, root)
    summary, code = run_flow("inspect", (recipe, overrides, source), {"dry_run": dry_run}, root, verbose)
    folder = run_folder(Store(root), summary["id"])
    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    elif code not in STOPPED:
        (show_last if is_quiet() else show_inspection)(Console(), summary, folder)
    raise typer.Exit(code)
