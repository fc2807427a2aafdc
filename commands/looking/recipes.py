"""The command ``evergreen recipes``."""

import json
from itertools import groupby
from typing import TYPE_CHECKING

import typer

from commands.options import LOOK, JsonOption, VerboseOption, errors, example
from evergreen.sources.archives.names import visible
from runs.looking.known_recipes import Known, known_recipes, known_sweeps

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

_ABOUT = {"recipe": "title, and where the images come from", "sweep": "title, and what is tried of which recipe"}


@app.command(rich_help_panel=LOOK, epilog=example("evergreen recipes"))
def recipes(as_json: JsonOption = False, verbose: VerboseOption = False) -> None:
    """List the recipes, and the sweeps of them: name, title, where images come from or what is tried, and the file."""
    from rich.console import Console

    with errors(verbose):
        found = [*known_recipes(), *known_sweeps()]
    if as_json:
        typer.echo(json.dumps([known.as_json() for known in found], indent=2, ensure_ascii=False))
    else:
        _show(Console(), found)


def _show(console: "Console", found: list[Known]) -> None:
    from rich.table import Table
    from rich.text import Text

    for number, (folder, some) in enumerate(groupby(found, lambda known: known.file.parent)):
        if number:
            console.print()
        console.print(Text(visible(f"{folder}/"), style="dim"), soft_wrap=True, highlight=False)
        table = Table(box=None, padding=(0, 2, 0, 0))
        rows = list(some)
        table.add_column(rows[0].kind, header_style="dim", no_wrap=True)
        table.add_column(_ABOUT[rows[0].kind], header_style="dim", overflow="fold")
        for known in rows:
            name = Text(visible(known.name))
            if known.file.stem != known.name:
                name.append(f"\n{visible(known.file.name)}", style="dim")
            if known.error:
                about = Text(visible(known.error), style="red")
            else:
                about = Text(f"{visible(known.title)}\n" if known.title else "")
                about.append(visible(known.source or f"{known.recipe}: {known.tries}"), style="dim")
            table.add_row(name, about)
        console.print(table)
