"""The command ``evergreen plan``."""

import json

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
    tell,
)
from commands.terminal import show_steps
from runs.place import store_root
from runs.shared.opening import opened
from runs.shared.sharing import agree

app = typer.Typer()


@app.command(name="plan", rich_help_panel=MAKE, epilog=example("evergreen plan digits --set seed=8"))
def show_plan(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what a retraining would run, what it would reuse, why, and how long it may take. It starts nothing."""
    from rich.console import Console

    from runs.estimates import estimate  # late: NumPy
    from runs.plan import plan
    from runs.shared.differing import no_devices, other_models

    with errors(verbose):
        root = store_root(store)
        wanted = loaded(recipe, renamed(overrides, name), source, root)
        stored = opened(root)
        for sentence in agree(stored, wanted.name):
            tell(sentence)
        entries = plan(wanted, stored)
        for sentence in filter(None, (other_models(stored, wanted, entries), no_devices(wanted, entries))):
            tell(sentence)
        time = estimate(entries, wanted, stored)
    steps = [entry.as_json() | {"estimate": time.seconds[entry.name]} for entry in entries]
    if as_json:
        told = {"recipe": wanted.name, "minutes": time.minutes, "estimate": time.in_words(), "steps": steps}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show_steps(Console(), steps)
        typer.echo(f"\ntime  {time.in_words()}")
