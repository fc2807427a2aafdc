"""The commands about champions: see them, and decide in place of the gate. A decision is one event, and is said."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import completion
from commands.options import CARE, LOOK, JsonOption, StoreOption, VerboseOption, errors, example, is_quiet
from evergreen.errors import BadInput
from evergreen.recipe_files import recipe_names
from evergreen.sections.refusing.told import TRY
from evergreen.sources.archives.names import visible
from runs.place import store_root
from runs.releases import find_release, recipe_of, whole_parts_of
from runs.shared.cargo import cargo_of_release
from runs.shared.opening import behind_of, held, opened
from runs.shared.sharing import agree_or_raise, moved, push_cargo
from storage.champions import Champions, Event, State
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

NameArgument = Annotated[
    str, typer.Argument(metavar="RECIPE", help="A recipe's name.", autocompletion=completion.champions)
]


@app.command(rich_help_panel=LOOK, epilog=example("evergreen champions digits"))
def champions(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE", help="Only this recipe, with its history.", autocompletion=completion.champions
        ),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show every recipe's champion; of one recipe, also whom it can step back to, what is blocked, and the history."""
    from rich.console import Console

    with errors(verbose):
        known = Champions(Store(store_root(store)).root)
        if recipe and not known.history(recipe):
            there = ", ".join(known.recipes()) or "none yet: evergreen retrain makes one"
            raise BadInput(
                f"expected a recipe with a champion, received {recipe!r}; there are: {there}\n{TRY}evergreen champions"
            )
        found = {name: _told(known, name) for name in ([recipe] if recipe else known.recipes())}
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
    elif recipe:
        _show_one(Console(), found[recipe])
    else:
        _show_all(Console(), found)


@app.command(rich_help_panel=CARE, epilog=example("evergreen promote 20261129-182718-61f9aa"))
def promote(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="A run's id, or the digest (or its beginning) of a release or its model.",
            autocompletion=completion.runs,
        ),
    ],
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Make a release the champion, whatever the gate says; a model that was blocked is blocked no more."""
    with errors(verbose), held(store_root(store)) as stored:
        release = _release_meant(stored, ref)
        model = whole_parts_of(stored, release)["model"].sha256

        def decide(state: State) -> Event:
            _refuse_pinned(state)
            if state.current == release:
                raise BadInput(f"{release[:12]} is the champion of {recipe_of(stored, release)} already")
            unblocked = "; its model is blocked no more" if model in state.blocked else ""
            return Event("promoted", release, model, f"named by a person, the gate was not asked{unblocked}")

        _change(stored, recipe_of(stored, release), decide, as_json)


@app.command(rich_help_panel=CARE, epilog=example("evergreen rollback digits"))
def rollback(
    recipe: NameArgument, store: StoreOption = None, as_json: JsonOption = False, verbose: VerboseOption = False
) -> None:
    """Step back to the champion before, and block the model stepped back from until someone promotes it by name."""
    with errors(verbose), held(store_root(store)) as stored:

        def decide(state: State) -> Event:
            _refuse_pinned(state)
            if not state.champion or not state.earlier:
                raise BadInput(f"{recipe} has no earlier champion to step back to\n{TRY}evergreen champions")
            target = state.earlier[-1].release
            whole_parts_of(stored, target)
            reason = f"back to {target[:12]}; model {state.champion.model[:12]} is blocked until someone promotes it"
            return Event("rolled back", state.champion.release, state.champion.model, reason)

        _change(stored, recipe, decide, as_json)


@app.command(rich_help_panel=CARE, epilog=example("evergreen pin digits"))
def pin(
    recipe: NameArgument, store: StoreOption = None, as_json: JsonOption = False, verbose: VerboseOption = False
) -> None:
    """Keep the present champion: no run, promote or rollback replaces it until it is unpinned."""
    with errors(verbose):

        def decide(state: State) -> Event:
            _refuse_pinned(state)
            if not state.champion:
                line = f"retrain {recipe}" if recipe in recipe_names() else "champions"
                raise BadInput(f"{recipe} has no champion to pin\n{TRY}evergreen {line}")
            return Event("pinned", state.champion.release, state.champion.model, "by a person")

        _change(opened(store_root(store)), recipe, decide, as_json)


@app.command(rich_help_panel=CARE, epilog=example("evergreen unpin digits"))
def unpin(
    recipe: NameArgument, store: StoreOption = None, as_json: JsonOption = False, verbose: VerboseOption = False
) -> None:
    """Let runs replace the champion again."""
    with errors(verbose):

        def decide(state: State) -> Event:
            if not state.champion or not state.pinned:
                raise BadInput(f"the champion of {recipe} is not pinned\n{TRY}evergreen champions")
            return Event("unpinned", state.champion.release, state.champion.model, "by a person")

        _change(opened(store_root(store)), recipe, decide, as_json)


def _change(store: Store, recipe: str, decide: Callable[[State], Event], as_json: bool) -> None:
    """Let a person's decision happen, and say what is so now."""
    champions = Champions(store.root)
    agree_or_raise(store, recipe)
    seen = champions.state(recipe)
    event = decide(seen)
    if behind_of(store) and event.event == "promoted":
        push_cargo(store, cargo_of_release(store, recipe, event.release), surely=True)
    after = champions.commit(recipe, seen, event, lambda *states: moved(store, *states))
    if as_json:
        typer.echo(json.dumps({"recipe": recipe} | after.as_json(), indent=2, ensure_ascii=False))
    elif after.last:
        typer.echo(f"{recipe}: {after.last.event} {after.last.release[:12]}: {after.last.reason}")
        if is_quiet():
            return
        typer.echo(f"champion: {(after.current or 'none')[:12]} (before: {(seen.current or 'none')[:12]})")


def _refuse_pinned(state: State) -> None:
    if state.pinned:
        raise BadInput(f"the champion {(state.current or '')[:12]} is pinned: evergreen unpin RECIPE first")


def _release_meant(store: Store, ref: str) -> str:
    """Return the release that a run's id or the beginning of a digest stands for."""
    from runs.summaries.summary import named_run, output_of  # late: NumPy

    if summary := named_run(store, ref):
        if release := output_of(summary, "bundle"):
            return release
        raise BadInput(f"run {ref} ended before it had a model to promote")
    return find_release(store, ref)


def _told(champions: Champions, recipe: str) -> dict[str, Any]:
    history = [event.__dict__ for event in champions.history(recipe)]
    return {"recipe": recipe} | champions.state(recipe).as_json() | {"history": history}


def _show_all(console: "Console", found: dict[str, dict[str, Any]]) -> None:
    """Print one line a recipe."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("recipe", "champion", "since", "", "last event", "at"):
        table.add_column(title, header_style="dim", no_wrap=True)
    for name, state in found.items():
        holder, last = state["champion"] or {"release": "none", "since": ""}, state["last"]
        pinned = "pinned" if state["pinned"] else ""
        times = [_minute(moment) for moment in (holder["since"], last["time"])]
        table.add_row(name, holder["release"][:12], times[0], pinned, last["event"], times[1])
    console.print(table)


def _show_one(console: "Console", state: dict[str, Any]) -> None:
    """Print one recipe's champion, whom it could step back to, what is blocked, and every event."""
    _show_all(console, {state["recipe"]: state})
    for holder in reversed(state["earlier"]):
        console.print(f"{'earlier':<10} {holder['release'][:12]}  since {_minute(holder['since'])}", highlight=False)
    for model in state["blocked"]:
        console.print(f"{'blocked':<10} model {model[:12]}", highlight=False)
    console.print()
    for event in state["history"]:
        line = f"{_minute(event['time'])}  {event['event']:<11} {event['release'][:12]}  {event['run'] or 'by hand'}  "
        console.print(line + visible(event["reason"]), soft_wrap=True, highlight=False, markup=False)


def _minute(time: str) -> str:
    return time[:16].replace("T", " ")
