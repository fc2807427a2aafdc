"""The command ``evergreen open``."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from commands import completion
from commands.options import DONE, LOOK, StoreOption, VerboseOption, errors, example, tell
from evergreen.errors import BadInput
from evergreen.paths import is_file
from evergreen.sections.refusing.told import TRY
from runs.place import store_root
from storage.runs import run_folder, summaries
from storage.store import Store

app = typer.Typer()

# The pages that runs leave, the better one first.
_PAGES = ("report.html", "sweep.html", "inspection.html")


@app.command(name="open", rich_help_panel=LOOK, epilog=example("evergreen open"))
def open_report(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", help="A run's id. Default: the newest that has a report.", autocompletion=completion.runs
        ),
    ] = None,
    store: StoreOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Open a run's report in the browser; where there is none, say where the report is."""
    with errors(verbose):
        page = _page(Store(store_root(store)), run)
    typer.echo(page)
    if not _shown(page):
        tell("No browser was found here: open that file in one, or set BROWSER to a program that shows it.")
    raise typer.Exit(DONE)


def _page(store: Store, run: str | None) -> Path:
    """Return the page of a run, or of the newest that has one.

    Raises:
        BadInput: there is none.
    """
    if run is not None:
        from runs.summaries.summary import run_summary  # late: NumPy

        summary = run_summary(store, run)
        if page := _page_of(store, summary["id"]):
            return page
        raise BadInput(f"run {run} left no report: it is {summary['outcome']}; see evergreen runs for others")
    for summary in summaries(store):
        if page := _page_of(store, summary["id"]):
            return page
    raise BadInput(f"expected a run with a report in {store.root}, found none\n{TRY}evergreen retrain digits")


def _page_of(store: Store, run: str) -> Path | None:
    folder = run_folder(store, run)
    return next((folder / name for name in _PAGES if is_file(folder / name)), None)


def _shown(page: Path) -> bool:
    """Whether a browser took the page."""
    try:
        return webbrowser.open(page.as_uri())
    except webbrowser.Error:
        return False
