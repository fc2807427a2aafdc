"""The command ``evergreen runs``."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from commands import completion
from commands.options import LOOK, JsonOption, StoreOption, VerboseOption, errors, example
from evergreen.sources.archives.names import visible
from runs.looking.listing import Listed, Row, ago, listed
from runs.place import store_root
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer()

_COLOURS = {"failed": "red", "cancelled": "yellow"}
# What an accuracy is of that is not of test images.
_OTHER = {"validation": "v: of validation images, on which the model was chosen", "folds": "f: of all, out of fold"}


@app.command(rich_help_panel=LOOK, epilog=example("evergreen runs digits --most 5"))
def runs(
    recipe: Annotated[
        str | None,
        typer.Argument(metavar="RECIPE", help="Only this recipe's.", autocompletion=completion.champions),
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, metavar="N", help="How many, the newest first.")] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """List runs, the newest first: when, recipe, how it ended, accuracy, and which is champion."""
    from rich.console import Console

    stored = Store(store_root(store))
    with errors(verbose):
        found = listed(stored, recipe, most)
    if as_json:
        told = {"runs": [row.as_json() for row in found.rows], "more": found.more}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _show(Console(), found, stored, recipe)


def _show(console: "Console", found: Listed, store: Store, recipe: str | None) -> None:
    from rich.table import Table
    from rich.text import Text

    if not found.rows:
        console.print(f"no run yet in {store.root}: evergreen retrain digits", soft_wrap=True, highlight=False)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("run", "when", "recipe", "outcome", "accuracy", ""):
        table.add_column(
            title, header_style="dim", justify="right" if title == "accuracy" else "left",
            no_wrap=title not in ("recipe", "outcome"), overflow="fold",
        )  # fmt: skip
    for row in found.rows:
        outcome = Text(visible(row.outcome), style=_COLOURS.get(row.outcome, ""))
        outcome.append(f" {row.trials}" if row.trials else "")
        if row.command != "retrain" and row.outcome in ("failed", "cancelled"):
            outcome.append(f" ({row.command})", style="dim")
        mark = Text(row.mark, style="green" if row.mark == "champion" else "dim")
        table.add_row(row.id, ago(row.began), Text(visible(row.recipe)), outcome, _accuracy(row), mark)
    console.print(table)
    if splits := sorted({row.split for row in found.rows} - {"", "test"}):
        rest = "; ".join(_OTHER[split] for split in splits)
        console.print(f"Accuracy is of test images; {rest}.", style="dim", highlight=False)
    if found.more:
        more = f"evergreen runs{f' {recipe}' if recipe else ''} --most {len(found.rows) + found.more}"
        console.print(f"and {found.more:,} more: {more}", style="dim", highlight=False)


def _accuracy(row: Row) -> str:
    """Return the accuracy, with the first letter of what it is of unless that is test images."""
    if row.accuracy is None:
        return ""
    return f"{row.accuracy:.1%}" + ("" if row.split == "test" else f" {row.split[0]}")
