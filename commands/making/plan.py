"""The command ``evergreen plan``."""

import json

import typer

from commands.options import (
    MAKE,
    JsonOption,
    RecipeArgument,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    loaded,
)
from commands.terminal import show_steps
from runs.place import store_root
from storage.store import Store

app = typer.Typer()


@app.command(name="plan", rich_help_panel=MAKE, epilog=example("evergreen plan digits --set seed=8"))
def show_plan(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what a retraining would run, what it would reuse, and why. It starts nothing."""
    from rich.console import Console

    from runs.plan import plan  # late: NumPy

    with errors(verbose):
        wanted = loaded(recipe, overrides, source)
        steps = [entry.as_json() for entry in plan(wanted, Store(store_root(store)))]
    if as_json:
        typer.echo(json.dumps({"recipe": wanted.name, "steps": steps}, indent=2, ensure_ascii=False))
    else:
        show_steps(Console(), steps)
