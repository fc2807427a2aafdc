"""The command ``evergreen retrain``."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.making.curing import chosen_cure, show_cured
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
    loaded,
    renamed,
    tell,
)
from commands.running import ended, reused, run_flow
from commands.terminal import show_run
from evergreen.recipe import Recipe, load_recipe
from flows.servers.named_server import named_server
from runs.place import store_root
from runs.run import Run
from runs.shared.opening import opened
from runs.shared.sharing import agree_for_a_run
from storage.in_use import in_use
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen retrain digits --set train.phases.0.epochs=8"))
def retrain(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    cure: Annotated[
        bool,
        typer.Option(
            "--cure",
            help="Set what answers to what the recipe's newest model leans on, and show before and after; nothing runs "
            "where it leans on nothing.",
        ),
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Retrain a recipe: redo what changed, reuse the rest, verify every export."""
    root = store_root(store)
    with errors(verbose):
        overrides = renamed(overrides, name)
        wanted = loaded(recipe, overrides, source, root)
        chosen = chosen_cure(wanted, opened(root), as_json) if cure else None
        if chosen:
            overrides = [*overrides, *chosen["sets"]]
            wanted = load_recipe(recipe, overrides, source)
        summary = None if named_server() else _reuse_everything(wanted, opened(root), chosen)
    code = DONE
    if summary is None:
        options = {"cure": chosen} if chosen else {}
        summary, code = run_flow("retrain", (recipe, overrides, source), options, root, verbose)
    ended(summary, code, root, as_json, _show)


def _reuse_everything(recipe: Recipe, store: Store, cure: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the summary of a run that reuses every step, or None if something must run. Starts nothing."""
    from runs.plan import nothing_to_do, plan  # late, as below: NumPy
    from runs.summaries.summary import is_tracked

    with in_use(store):
        for sentence in agree_for_a_run(store, recipe.name):
            tell(sentence)
        entries = plan(recipe, store)
        model = next((entry.output for entry in entries if entry.name == "train"), None)
        if not nothing_to_do(entries) or model is None or not is_tracked(store, recipe, model.sha256):
            return None

        def fill(run: Run) -> None:
            run.journal.cure = cure

        return reused(recipe, store, entries, "completed", fill)


def _show(console: "Console", summary: dict[str, Any], folder: Path) -> None:
    if summary["steps"] and all(step["state"] == "reused" for step in summary["steps"]):
        console.print("Nothing changed: every step is reused.")
    show: Callable[[Console, dict[str, Any], Path], None] = show_cured if summary.get("cure") else show_run
    show(console, summary, folder)
