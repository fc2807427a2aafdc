"""The command that trains a recipe with many values."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer
from rich.console import Console

from commands import completion
from commands.options import (
    DONE,
    MAKE,
    JsonOption,
    NameOption,
    OnOption,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    example,
    is_quiet,
    renamed,
    tell,
    tell_about,
)
from commands.running import ended, reused, run_flow
from commands.terminal import show_last
from commands.trials import show_sweep
from evergreen.cluster import address_of
from evergreen.sections.sweep import Method, Prune
from evergreen.sources.archives.names import visible_lines
from evergreen.sweeping.checking import check
from evergreen.sweeping.reading import load_sweep
from evergreen.sweeping.space import Space, notes_on
from flows.servers.named_server import named_server
from runs.place import store_root
from runs.run import Run
from runs.shared.opening import opened
from runs.summaries.sweep import SWEPT
from storage.in_use import in_use
from storage.runs import run_folder
from storage.store import Store

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen sweep digits --over 'train.head.dropout=[0.1, 0.3]'"))
def sweep(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe, with --over; or a file of recipes/sweeps/, by its name.",
            autocompletion=completion.sweeps,
        ),
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="PATH=VALUES",
            help="What is tried: PATH=\\[a, b], PATH=LOW..HIGH, PATH=LOW..HIGH:log, PATH=LOW..HIGH:STEP; repeatable.",
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
    on: OnOption = None,
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
        space = check(asked)
        kept = opened(root)
        tell_about(space.base, kept)
        address_of(on)
        if only_plan:
            _tell_plan(space, kept, as_json)
            raise typer.Exit
        summary = None if named_server() else _answered(space, kept)
    code = DONE
    if summary is None:
        arguments = (asked.name, asked.model_dump(mode="json"), list(asked.sources))
        summary, code = run_flow("sweep", arguments, {"on": on}, root, verbose)
    best = (summary.get("sweep") or {}).get("best")
    if code != DONE or then is None or best is None:
        ended(summary, code, root, as_json, _show)
    (show_last if is_quiet() else _show)(Console(stderr=as_json), summary, run_folder(Store(root), summary["id"]))
    from runs.sweeps.told import words_for

    told_of = [["--store", str(root)], ["--json"] * as_json, ["--verbose"] * verbose]
    _become([*words_for(space, summary["sweep"]["values"]), *(word for words in told_of for word in words)])


def _become(words: list[str]) -> NoReturn:
    """Let this process become another command: Prefect asks one server in all its life, and that has just ended."""
    sys.stdout.flush()
    sys.stderr.flush()
    quiet = ["--quiet"] * is_quiet()
    os.execv(sys.executable, [sys.executable, sys.argv[0], *quiet, *words])  # noqa: S606 - no shell: this very program


def _answered(space: Space, store: Store) -> dict[str, Any] | None:
    """Return the summary of a sweep that was answered before, or None if something must run. Starts nothing."""
    from runs.sweeps.known import answered  # late: NumPy
    from runs.sweeps.told import again, written

    with in_use(store):
        known = answered(space, store)
        if known is None:
            return None
        data, last = known
        for note in last["notes"]:
            tell(visible_lines(note))

        def fill(run: Run) -> None:
            run.journal.sweep = again(space, last, run.id)
            written(run_folder(store, run.id), run.journal.sweep)

        return reused(data.base, store, data.entries, SWEPT, fill, "sweep")


def _tell_plan(space: Space, store: Store, as_json: bool) -> None:
    """Say what a sweep would do."""
    from runs.sweeps.foreseen import foresee, inputs_by_plan  # late: NumPy
    from runs.sweeps.threads import shared_out

    also, notes = shared_out(space)
    trials = space.grid() if space.sweep.method == "grid" else None
    foreseen = foresee(space, trials, store, inputs_by_plan(store), also)
    if as_json:
        typer.echo(json.dumps(foreseen.as_json(), indent=2, ensure_ascii=False))
        return
    for note in (*notes_on(space), *notes):
        tell(visible_lines(note))
    typer.echo(foreseen.in_words())


def _show(console: Console, summary: dict[str, Any], folder: Path) -> None:
    from runs.sweeps.told import read_written  # late: NumPy

    if found := read_written(folder):
        show_sweep(console, found)
    console.print()
    there = [("page", "sweep.html")] if (folder / "sweep.html").exists() else []  # none before the first trial
    for name, path in (*there, ("run", "run.json")):
        console.print(f"{name:<10} {folder / path}", markup=False, soft_wrap=True, highlight=False)
