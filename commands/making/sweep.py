"""The command that trains a recipe with many values."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from commands.options import (
    MAKE,
    JsonOption,
    NameOption,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    renamed,
)
from commands.running import ended, run_flow
from commands.trials import show_sweep
from evergreen.sections.sweep import Method, Prune
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from runs.place import store_root

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen sweep digits --over 'train.head.dropout=[0.1, 0.3]'"))
def sweep(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="A recipe, with --over; or a file of recipes/sweeps/, by its name.")
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="PATH=VALUES",
            help="What is tried: PATH=[a, b], PATH=LOW..HIGH, PATH=LOW..HIGH:log, PATH=LOW..HIGH:STEP; repeatable.",
        ),
    ] = None,
    method: Annotated[Method | None, typer.Option("--method", help="How values are chosen.")] = None,
    trials: Annotated[int | None, typer.Option("--trials", metavar="N", help="How many.")] = None,
    prune: Annotated[Prune | None, typer.Option("--prune", help="Whether trials that lag end early.")] = None,
    budget: Annotated[
        float | None, typer.Option("--budget-minutes", metavar="M", help="No trial begins after so long.")
    ] = None,
    parallel: Annotated[int | None, typer.Option("--parallel", metavar="N", help="So many trials at once.")] = None,
    seeds: Annotated[
        str | None, typer.Option("--seeds", metavar="1,2,3", help="Each trial once a seed, judged by the mean.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--search-seed", metavar="N", help="Of what the search draws.")] = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="dask|ADDRESS", help="On a Dask cluster: of this machine, or there.")
    ] = None,
    only_plan: Annotated[
        bool, typer.Option("--plan", help="Say how many trials, what is known, how long; start nothing.")
    ] = False,
    then: Annotated[
        Literal["retrain"] | None, typer.Option("--then", help="Retrain the best, as an ordinary challenger.")
    ] = None,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Sweep: train a recipe with many values, and say by validation which do best. Test images are not touched."""
    root = store_root(store)
    options = {
        "method": method, "trials": trials, "prune": prune, "budget_minutes": budget, "parallel": parallel,
        "seeds": seeds, "seed": seed,
    }  # fmt: skip
    with errors(verbose):
        asked = load_sweep(recipe, over or (), renamed(overrides, name), source or (), options)
        check(asked)
    arguments = (asked.name, asked.model_dump(mode="json"), list(asked.sources))
    summary, code = run_flow("sweep", arguments, {"on": on}, root, verbose)
    ended(summary, code, root, as_json, _show)


def _show(console: Console, summary: dict[str, Any], folder: Path) -> None:
    if found := summary.get("sweep"):
        show_sweep(console, found)
