"""The command ``evergreen why``."""

import json
from typing import Annotated

import typer

from commands import completion
from commands.options import LOOK, JsonOption, StoreOption, VerboseOption, errors, example
from commands.terminal import show_answer
from runs.place import store_root
from storage.store import Store

app = typer.Typer()


@app.command(name="why", rich_help_panel=LOOK, epilog=example("evergreen why train"))
def show_why(
    step: Annotated[str, typer.Argument(metavar="STEP", help="A step's name.", autocompletion=completion.steps)],
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="A run's id. Default: the newest completed run.", autocompletion=completion.runs
        ),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Say why a step ran: what differs from the nearest earlier time, in words and as a diff of code."""
    from rich.console import Console

    from runs.why import why

    with errors(verbose):
        answer = why(Store(store_root(store)), step, run)
    if as_json:
        typer.echo(json.dumps(answer.__dict__, indent=2, ensure_ascii=False))
    else:
        show_answer(Console(), answer)
