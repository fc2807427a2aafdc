"""The command ``evergreen retrain``."""

import json
from pathlib import Path
from typing import Any

import typer

from commands.options import (
    DONE,
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
from commands.running import reused, run_flow
from commands.stopping import STOPPED
from commands.terminal import show_last, show_run
from evergreen.recipe import Recipe
from flows.servers.named_server import named_server
from runs.place import store_root
from storage.in_use import in_use
from storage.runs import run_folder
from storage.store import Store

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen retrain digits --set train.phases.0.epochs=8"))
def retrain(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Retrain a recipe: redo what changed, reuse the rest, verify every export."""
    root = store_root(store)
    with errors(verbose):
        overrides = renamed(overrides, name)
        wanted = loaded(recipe, overrides, source, root)
        summary = None if named_server() else _reuse_everything(wanted, Store(root))
    code = DONE
    if summary is None:
        summary, code = run_flow("retrain", (recipe, overrides, source), {}, root, verbose)
    if as_json or code not in STOPPED:
        _show(summary, root, as_json)
    raise typer.Exit(code)


def _reuse_everything(recipe: Recipe, store: Store) -> dict[str, Any] | None:
    """Return the summary of a run that reuses every step, or None if something must run. Starts nothing."""
    from runs.plan import nothing_to_do, plan  # late, as below: NumPy
    from runs.summaries.summary import is_tracked

    with in_use(store):
        entries = plan(recipe, store)
        model = next((entry.output for entry in entries if entry.name == "train"), None)
        if not nothing_to_do(entries) or model is None or not is_tracked(store, recipe, model.sha256):
            return None
        return reused(recipe, store, entries, "completed")


def _show(summary: dict[str, Any], root: Path, as_json: bool) -> None:
    from rich.console import Console

    console, folder = Console(), run_folder(Store(root), summary["id"])
    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    elif is_quiet():
        show_last(console, summary, folder)
    else:
        if summary["steps"] and all(step["state"] == "reused" for step in summary["steps"]):
            console.print("Nothing changed: every step is reused.")
        show_run(console, summary, folder)
