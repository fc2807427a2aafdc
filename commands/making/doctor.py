"""The command that diagnoses a recipe's labels."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from commands.lines import say
from commands.looking import deciding
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
    renamed,
    tell,
    tell_about,
)
from commands.running import ended, reused_whole, run_flow, tell_end
from commands.terminal import show_notes
from evergreen.datasets.deciding.undecided import decided_in_words, undecided
from evergreen.decisions.decision import Decisions
from evergreen.fold_steps import steps_of_diagnosis
from evergreen.recipe import Recipe, load_recipe
from evergreen.sources.archives.names import visible
from flows.servers.named_server import named_server
from runs.doctor import overrides_of, to_diagnose
from runs.place import store_root
from runs.shared.opening import held, opened
from runs.summaries.diagnosis import DIAGNOSED, suspects_of
from storage.artifacts import Ref
from storage.store import Store

app = typer.Typer()
_SHOWN = 20


@app.command(rich_help_panel=MAKE, epilog=example("evergreen doctor digits --all"))
def doctor(
    recipe: RecipeArgument,
    every: Annotated[
        bool, typer.Option("--all", help="Judge every label, however many images there are (diagnose.images).")
    ] = False,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Then show them one by one on a page of this machine; write what you decide."),
    ] = False,
    who: deciding.WhoOption = None,
    port: deciding.PortOption = 0,
    overrides: SetOption = None,
    source: SourceOption = None,
    name: NameOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Find wrong labels, and what is no class of these: a ranked list to look at. Trains nothing, decides nothing."""
    root = store_root(store)
    with errors(verbose):
        deciding.refuse_json_beside("--fix", fix, as_json)
        chosen = overrides_of(renamed(overrides, name), every=every)
        kept = opened(root)
        wanted, said = to_diagnose(recipe, chosen, source, kept)
        tell_about(wanted, kept)
        summary = None if named_server() else _reused(wanted, kept)
        if said and summary:
            tell(said)
    code = DONE
    if summary is None:
        options: dict[str, Any] = {}
        summary, code = run_flow("doctor", (recipe, chosen, source), options, root, verbose)
    show = partial(show_diagnosis, wanted.decisions)
    if not fix or code != DONE or not summary.get("diagnosis"):
        ended(summary, code, root, as_json, show)
    tell_end(summary, code, root, as_json, show)
    with errors(verbose), held(root) as kept:
        # As it was asked for, without what a diagnosis sets; with what somebody may have decided meanwhile.
        asked = load_recipe(recipe, renamed(overrides, name), source)
        deciding.fix(asked, kept, summary, who, port, store)
    raise typer.Exit(DONE)


def show_diagnosis(decisions: Decisions, console: Console, summary: dict[str, Any], folder: Path) -> None:
    """Print how many labels are wrong, which to look at first and are not decided, and where all of them are."""
    found = summary.get("diagnosis")
    show_notes(console, summary)
    if found:
        say(console, "labels", found["words"])
        if how := found.get("probabilities"):
            say(console, "judged by", how["words"])
        for note in found["notes"]:
            say(console, "note", note, "yellow")
        for note in found["not_judged"]:
            say(console, "not judged", note, "yellow")
        for row in found["overlap"][:3]:
            count = f"{row['images']:,} image{'s' if row['images'] > 1 else ''}"
            say(console, "overlap", f"{row['one']} and {row['other']}: about {count}")
        store = opened(folder.parent.parent)
        found_all = suspects_of(store, Ref("diagnosis", found["suspects"], 0))
        rows = undecided(found_all, decisions.made)
        if decided := decided_in_words(len(found_all), len(rows)):
            say(console, "decided", decided)
        console.print()
        for row in rows[:_SHOWN]:
            console.print(_of_suspect(row), markup=False, highlight=False, soft_wrap=True)
        if len(rows) > _SHOWN:
            console.print(f"and {len(rows) - _SHOWN:,} more", style="dim", highlight=False)
    console.print()
    for what, path in (("suspects", "suspects.csv"), ("run", "run.json")):
        if (folder / path).exists():
            console.print(f"{what:<8} {folder / path}", markup=False, soft_wrap=True, highlight=False)


def _of_suspect(row: dict[str, Any]) -> str:
    kind = row["kind"].replace("_", " ")
    return f"{row['rank']:>4}  {row['confidence']:>4.0%}  {kind:<14}  {visible(row['path'])}: {visible(row['reason'])}"


def _reused(recipe: Recipe, store: Store) -> dict[str, Any] | None:
    return reused_whole(recipe, store, steps_of_diagnosis(recipe.evaluate.folds), DIAGNOSED, "doctor")
