"""What ``evergreen retrain --cure`` says: what it sets, and, when all is trained, before and after."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from commands.options import DONE, tell
from commands.terminal import show_run
from evergreen.judging.leaning import in_points
from evergreen.recipe import Recipe
from evergreen.sources.archives.names import visible_lines
from runs.curing.choosing import chosen
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console


def chosen_cure(recipe: Recipe, store: Store, as_json: bool) -> dict[str, Any]:
    """Say what is set against what a recipe's newest model leans on, and return it.

    Args:
        recipe: with what ``--set`` replaced in it.
        store: whose runs say what it leans on.
        as_json: whether programs read what is said where nothing is set.

    Raises:
        BadInput: there is no run that says so.
        typer.Exit: it leans on nothing, or nothing more can be set.
    """
    found = chosen(recipe, store)
    said = map(visible_lines, found.in_words())
    if found.sets:
        for line in said:
            tell(line)
        return found.as_json()
    if as_json:
        told = {"recipe": recipe.name, "cure": found.as_json() | {"words": found.summary}}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(said))
    raise typer.Exit(DONE)


def show_cured(console: "Console", summary: dict[str, Any], folder: Path) -> None:
    """Print a run as every run is printed, then each change of the table of shortcuts before and after.

    Args:
        console: standard output.
        summary: of the run, as ``run.json``; with ``cure``.
        folder: of the run.
    """
    show_run(console, summary, folder)
    cure = summary["cure"]
    console.print()
    if changes := cure.get("changes"):
        _show_changes(console, cure, changes)
        console.print(cure["words"], highlight=False, markup=False, soft_wrap=True)
    console.print("The recipe's file is as it was: without these lines the next run trains without them.")
    for line in cure["recipe"].split("\n"):
        console.print(f"  {visible_lines(line)}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"or as options: {visible_lines(cure['options'])}", highlight=False, markup=False, soft_wrap=True)


def _show_changes(console: "Console", cure: dict[str, Any], changes: list[dict[str, Any]]) -> None:
    from rich.markup import escape
    from rich.table import Table

    answered = {name for one in cure["cures"] for name in one["changes"]}
    table = Table(box=None, padding=(0, 1, 0, 0))
    for title in ("points lost to", "before", "after", "right"):
        table.add_column(title, justify="left" if title.startswith("points") else "right", header_style="dim")
    for row in changes:
        name = escape(row["name"])
        cells = (in_points(row[side], "lost") for side in ("before", "after"))
        right = " -> ".join(f"{row[side]['accuracy']:.1%}" if row[side] else "?" for side in ("before", "after"))
        table.add_row(f"[bold]{name}[/]" if row["name"] in answered else name, *cells, right)
    console.print(table)
