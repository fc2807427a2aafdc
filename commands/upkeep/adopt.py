"""The command ``evergreen adopt``: a person says which store decides on a recipe."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from commands.options import CARE, JsonOption, StoreOption, VerboseOption, errors, example, is_quiet
from commands.quiet import only_ours
from commands.running import on_server, telling
from commands.stopping import ends_when_told
from commands.upkeep.champions import NameArgument
from evergreen.errors import BadInput
from evergreen.recipe_files import is_name
from flows.servers.named_server import named_server
from flows.servers.prefect_home import prepare_prefect
from runs.place import store_root
from storage.identity import in_short
from storage.store import Store

if TYPE_CHECKING:
    from flows.servers.deciding import Decided

app = typer.Typer()


@app.command(rich_help_panel=CARE, epilog=example("evergreen adopt digits"))
def adopt(
    recipe: NameArgument, store: StoreOption = None, as_json: JsonOption = False, verbose: VerboseOption = False
) -> None:
    """Let this store decide on a recipe in place of the one that decided last on the Prefect server; copies nothing."""
    root = store_root(store)
    with errors(verbose), ends_when_told():
        if not is_name(recipe):
            raise BadInput(f"expected a recipe's name, such as digits; received {recipe!r}")
        if named_server() is None:
            raise BadInput(
                "expected a Prefect server that stores share, named by PREFECT_API_URL; none is named: without one "
                "each store decides for itself, and there is nothing to adopt"
            )
        before, after = _taken_over(root, recipe, verbose)
    if as_json:
        told = {"recipe": recipe, "before": before and before.__dict__, "after": after.__dict__}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    for line in _lines(recipe, before, after)[: 1 if is_quiet() else None]:
        typer.echo(line)


def _taken_over(root: Path, recipe: str, verbose: bool) -> "tuple[Decided | None, Decided]":
    """Tell the server, and return which store decided so far and which does now."""
    named = prepare_prefect(root, verbose=verbose)
    log = None if verbose else root / "logs" / "adopt.txt"
    with only_ours(log) as (_, err), on_server(named, root, log, telling(err)) as ready:
        from flows.servers.deciding import adopted

        ready()
        return adopted(Store(root), recipe)


def _lines(recipe: str, before: Any, after: Any) -> list[str]:
    """Return what is so now, and what it means for the next run."""
    lines = [f"{recipe}: store {in_short(after.identity)}, {after.folder} on {after.host}, decides from now on"]
    if before and before.identity != after.identity:
        lines.append(f"before: {before}")
        lines.append("what that store has stays there, and is compared with no more; its next run is refused")
    champion = f"{after.event} {after.release[:12]} was the last decision here" if after.number else "no champion yet"
    lines.append(f"here: {champion}")
    return lines
