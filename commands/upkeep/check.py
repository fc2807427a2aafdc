"""The command ``evergreen check``."""

import json

import typer

from commands.lines import say
from commands.options import CARE, DONE, FAILED, JsonOption, StoreOption, VerboseOption, errors, example, is_quiet
from runs.place import store_root

app = typer.Typer()

_COLOURS = {"works": "green", "missing": "yellow", "broken": "red"}


@app.command(rich_help_panel=CARE, epilog=example("evergreen check"))
def check(store: StoreOption = None, as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """See what of this machine works and what to install. Exit code 1: something is broken that every run needs."""
    import os

    from rich.console import Console

    from commands.upkeep.checks import all_checks
    from flows.servers.prefect_home import ask_loopback_directly

    ask_loopback_directly(os.environ)
    with errors(verbose):
        found = all_checks(store_root(store))
    console = Console()
    broken = [one.name for one in found if one.state == "broken"]
    missing = [one.name for one in found if one.state == "missing"]
    last = f"broken: {', '.join(broken)}" if broken else "everything that every run needs works"
    last += f"; missing, for some things alone: {', '.join(missing)}" if missing else ""
    if as_json:
        typer.echo(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
    else:
        for one in () if is_quiet() else found:
            say(console, one.name, f"{one.state}: {one.found}", _COLOURS[one.state])
            if one.remedy:
                say(console, "", one.remedy)
        say(console, None, last)
    raise typer.Exit(FAILED if broken else DONE)
