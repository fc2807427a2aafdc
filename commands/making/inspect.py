"""The command ``evergreen inspect``."""

from pathlib import Path
from typing import Annotated, Any

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
    loaded,
    renamed,
    tell,
)
from commands.running import ended, reused, run_flow
from commands.terminal import show_inspection
from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME
from flows.servers.named_server import named_server
from runs.place import store_root
from runs.run import Run
from runs.shared.opening import opened
from runs.shared.sharing import agree
from storage.in_use import in_use
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
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the images as CSV: path, label, split and more.")
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Look at a recipe's data: classes, sizes, samples, quarantine, duplicates. Trains nothing."""
    root = store_root(store)
    with errors(verbose):
        overrides = renamed(overrides, name)
        wanted = loaded(recipe, overrides, source, root)
        summary = None if dry_run or named_server() else _reuse_everything(wanted, opened(root))
    code = DONE
    if summary is None:
        summary, code = run_flow("inspect", (recipe, overrides, source), {"dry_run": dry_run}, root, verbose)
    if csv and code == DONE:
        with errors(verbose):
            _write(csv, opened(root), summary)
    ended(summary, code, root, as_json, show_inspection)


def _write(path: Path, store: Store, summary: dict[str, Any]) -> None:
    from runs.answering.prediction_files import written  # late: OpenCV
    from runs.summaries.inspection import dataset_of

    with written(path) as file:
        file.write(dataset_of(store, summary).decode())
    tell(f"the images are in {path}")


def _reuse_everything(recipe: Recipe, store: Store) -> dict[str, Any] | None:
    """Return the summary of an inspection that reuses every step, or None if something must run. Starts no Prefect."""
    from runs.plan import nothing_to_do, plan  # late, as below: NumPy
    from runs.summaries.inspection import INSPECTED, STEPS, write_inspection
    from runs.summaries.labels import note_class_changes

    with in_use(store):
        entries = plan(recipe, store, [BY_NAME[name] for name in STEPS])
        if not nothing_to_do(entries):
            return None
        for sentence in agree(store, recipe.name):
            tell(sentence)
        runs: list[Run] = []

        def beside_the_champion(run: Run) -> None:
            runs.append(run)
            if repaired := run.journal.entries["repair"].output:
                note_class_changes(run, repaired, tell)

        summary = reused(recipe, store, entries, INSPECTED, beside_the_champion, "inspect")
        write_inspection(runs[0], summary)
        return summary
