"""The command ``evergreen suggest``."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.looking import deciding
from commands.options import (
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
    is_quiet,
    renamed,
    tell_about,
)
from commands.quiet import log_of, only_ours
from evergreen.recipe import Recipe, load_recipe
from runs.place import store_root
from runs.shared.opening import opened
from storage.in_use import in_use
from storage.store import Store

if TYPE_CHECKING:
    from rich.console import Console

    from evergreen.reports.predictions import ContactSheet
    from runs.suggesting.suggest import Suggestions

app = typer.Typer()


@app.command(rich_help_panel=MAKE, epilog=example("evergreen suggest digits --from ~/new-photos --sheet next.png"))
def suggest(
    recipe: RecipeArgument,
    count: Annotated[int, typer.Option("--count", min=1, max=1000, metavar="N", help="How many.")] = 20,
    folder: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="FOLDER", help="Choose from this folder. Default: the dataset's images without a label."
        ),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option("--sheet", metavar="FILE.png", help="Write a contact sheet of them.")
    ] = None,
    label: Annotated[
        bool,
        typer.Option("--label", help="Then show them one by one on a page of this machine; write what you decide."),
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
    """Say which images to label next: what the model is unsure of, and no two alike. Trains and decides nothing."""
    from runs.answering.prediction_files import checked_target, sheet_at
    from runs.suggesting.suggest import suggest as choose

    root = store_root(store)
    with errors(verbose):
        deciding.refuse_json_beside("--label", label, as_json)
        wanted = load_recipe(recipe, renamed(overrides, name), source)
        target = checked_target(sheet, ".png") if sheet else None
        log = None if verbose else log_of(root, "suggest")
        kept = opened(root)
        tell_about(wanted, kept)
        with in_use(kept), only_ours(log) as (out, err):

            def say(text: str) -> None:
                if not is_quiet():
                    err.print(text, markup=False, highlight=False, soft_wrap=True)

            found = choose(wanted, kept, count, folder, say, to_label=label)
            pages = sheet_at(target) if target else None
            if pages and target:
                _draw(found, pages)
            if as_json:
                told = {"recipe": wanted.name, **found.as_json(), "sheet": str(target) if target else None}
                out.file.write(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
            else:
                _show(out, found, target, pages)
        if label and found.log:
            with in_use(kept):
                _confirm(wanted, kept, found, store, who, port)
        elif label:
            with in_use(kept):
                deciding.ask_a_person(
                    wanted, kept, found.rows(), found.classes, found.values, who=who, port=port, given_store=store
                )
        elif not as_json and (found.in_dataset or found.log) and not is_quiet():
            there = f" --from {shlex.quote(str(folder))}" if folder else ""
            typer.echo(f"next       {deciding.line_of('suggest', wanted.typed, store)}{there} --count {count} --label")


def _confirm(
    recipe: Recipe, store: Store, found: "Suggestions", given_store: Path | None, who: str | None, port: int
) -> None:
    """Ask what is in pictures that a service kept: what is decided confirms them."""
    from commands.making.feedback import next_line
    from runs.serving.feedback.asking import Kept, sitting

    if found.log is None:
        return
    kept = Kept.of(found.log, recipe)
    session = sitting(recipe, kept, found.rows(), store, who)
    deciding.ask_in(session, found.read, found.values, next_line(recipe, kept, given_store), port)


def _draw(found: "Suggestions", pages: "ContactSheet") -> None:
    """Put the pictures on a contact sheet, with what they may be."""
    from evergreen.images.thumbnails import thumbnail
    from evergreen.reports.predictions import Prediction

    for row in found.rows():
        top = ((row["suggested"], float(row["confidence"])),) if row["suggested"] else ()
        shown = thumbnail(found.read(row["sha256"]), values=found.values)
        pages.add(Prediction(row["path"], top), shown)
    pages.close()


def _show(console: "Console", found: "Suggestions", sheet: Path | None, pages: "ContactSheet | None") -> None:
    from commands.lines import say

    rows = found.rows()
    if not is_quiet():
        say(console, "suggested", f"{len(rows):,} of {found.among:,} images, the most telling first")
        say(console, "judged by", found.judged_by)
        say(console, "compared", f"by {found.compared_by}")
        for note in found.notes:
            say(console, "note", note, "yellow")
        console.print()
    for row in rows:
        say(console, f"{row['rank']:>4}", row["path"], more=f"  {row['reason']}")
    if sheet and pages:
        more = f"; {pages.pages - 1} more pages beside it" if pages.pages > 1 else ""
        left = f"; {pages.left_out:,} pictures found no room" if pages.left_out else ""
        say(console, "sheet", f"{sheet}{more}{left}")
