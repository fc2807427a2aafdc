"""The command ``evergreen maintain``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.lines import say
from commands.options import CARE, DONE, FAILED, JsonOption, StoreOption, VerboseOption, errors, example, is_quiet
from commands.quiet import only_ours
from commands.running import on_server, telling
from commands.stopping import ends_when_told
from commands.terminal import Progress
from flows.servers.prefect_home import prepare_prefect
from runs.place import store_root
from runs.run import listener

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

_TO_DO_IT = "--no-dry-run"


@app.command(rich_help_panel=CARE, epilog=example(f"evergreen maintain {_TO_DO_IT}"))
def maintain(
    dry_run: Annotated[
        bool, typer.Option("--dry-run/--no-dry-run", help="Only say what would be done. The default.")
    ] = True,
    keep_days: Annotated[
        float,
        typer.Option(
            min=1,
            max=3650,
            metavar="DAYS",
            help="Runs that ended earlier go, and searches of sweeps not asked for since.",
        ),
    ] = 90,
    keep_runs: Annotated[
        int, typer.Option(min=1, max=10_000, metavar="N", help="So many completed runs of a recipe stay, however old.")
    ] = 10,
    orphan_days: Annotated[
        float,
        typer.Option(min=1, max=3650, metavar="DAYS", help="Checkpoints and downloads that nobody took up since go."),
    ] = 7,
    garbage_days: Annotated[
        float,
        typer.Option(min=1, max=3650, metavar="DAYS", help="What nothing needs goes once nobody used it for so long."),
    ] = 30,
    keep_rejected: Annotated[
        bool, typer.Option("--keep-rejected/--no-keep-rejected", help="Models that lost stay, to be promoted by hand.")
    ] = True,
    remote: Annotated[
        bool, typer.Option("--remote", help="Also remove what no machine needs from the remote (EVERGREEN_REMOTE).")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Look after the store: old runs, garbage that nothing needs, orphans, caches, damage. Says first, does if told."""
    from rich.console import Console

    root = store_root(store)
    bounds = {
        "keep_days": keep_days, "keep_runs": keep_runs, "orphan_days": orphan_days, "garbage_days": garbage_days,
        "keep_rejected": keep_rejected, "remote": remote, "dry_run": dry_run,
    }  # fmt: skip
    with errors(verbose), ends_when_told():
        rows, damage = _run(root, bounds, verbose)
    if as_json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        _show(Console(), rows, dry_run)
    if damage:
        typer.secho(damage, err=True, fg=typer.colors.RED)
    raise typer.Exit(FAILED if damage else DONE)


def _run(root: Path, bounds: dict[str, Any], verbose: bool) -> tuple[list[dict[str, Any]], str]:
    """Run the flow here; return what every chore found, and what is damaged, in words, empty if nothing is."""
    named = prepare_prefect(root, verbose=verbose)
    log = None if verbose else root / "logs" / "maintain.txt"
    with only_ours(log) as (_, err):
        shown = telling(err)
        listener.set(Progress(shown))
        with on_server(named, root, log, shown) as ready:
            from flows.maintenance import StoreDamaged
            from flows.maintenance import maintain as flow

            ready()
            try:
                return flow(str(root), **bounds), ""
            except StoreDamaged as error:
                return error.rows, f"something in the store was altered: {_which(error.rows)}"


def _which(rows: list[dict[str, Any]]) -> str:
    damaged = next((row for row in rows if "altered" in row["chore"]), None)
    return damaged["which"] if damaged else ""


def _show(console: "Console", rows: list[dict[str, Any]], dry_run: bool) -> None:
    found = [row for row in rows if row["found"]]
    freed = sum(row["bytes"] for row in found if row["done"] == "yes" or dry_run)
    from storage.sizes import in_words

    for row in found if not is_quiet() else ():
        size = f" ({row['size']})" if row["size"] else ""
        refused = "" if row["done"] in ("yes", "no: dry run") else f": {row['done']}"
        say(console, f"{row['found']:,}", f"{row['chore']}{size}{refused}", "yellow" if refused else "")
        say(console, "", row["which"], "dim")
    last = f"{len(rows) - len(found)} of {len(rows)} chores found nothing to do"
    if dry_run and found:
        last += (
            f"; the others would free {in_words(freed)}. Nothing was changed; to do it: evergreen maintain {_TO_DO_IT}"
        )
    elif found:
        last += f"; the others freed {in_words(freed)}"
    say(console, None, last)
