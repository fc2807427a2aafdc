"""The commands that move work between this machine's store and the remote: push, pull, fetch."""

import json
from typing import Annotated

import typer

from commands.options import CARE, JsonOption, StoreOption, VerboseOption, errors, example, tell
from evergreen.sources.archives.names import visible
from runs.place import store_root
from runs.shared.moving import Moved, fetch, pull_all, push_all
from runs.shared.opening import held
from storage.sizes import in_words

app = typer.Typer()


@app.command(name="push", rich_help_panel=CARE, epilog=example("evergreen push"))
def push(
    ref: Annotated[
        str | None,
        typer.Argument(metavar="REF", help="A run's id, or the digest (or its beginning) of a release or its model."),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Put what runs made, and champions, into the remote (EVERGREEN_REMOTE); all runs of the store if none is named."""
    with errors(verbose):
        with held(store_root(store)) as stored:
            moved = push_all(stored, ref, tell)
        _tell(moved, f"pushed to {moved.where}", as_json)


@app.command(name="pull", rich_help_panel=CARE, epilog=example("evergreen pull digits"))
def pull(
    ref: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE", help="A recipe's name, a run's id, or the beginning of a digest. Default: every recipe."
        ),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring what other machines made: of a recipe its champion and its newest run. Runs bring what they need anyway."""
    with errors(verbose):
        with held(store_root(store)) as stored:
            moved = pull_all(stored, ref, tell)
        _tell(moved, f"brought from {moved.where}", as_json)


@app.command(name="fetch", rich_help_panel=CARE, epilog=example("evergreen fetch 6609b6e73723"))
def fetch_one(
    ref: Annotated[
        str, typer.Argument(metavar="REF", help="The digest of an artifact or a file, or 6 digits of it or more.")
    ],
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Bring one artifact, or one file, from the remote, and say where it lies."""
    with errors(verbose), held(store_root(store)) as stored:
        paths = {name: str(path) for name, path in fetch(stored, ref).items()}
    lines = "\n".join(f"{visible(name)}  {path}" for name, path in paths.items())
    typer.echo(json.dumps(paths, indent=2, ensure_ascii=False) if as_json else lines)


def _tell(moved: Moved, what: str, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"runs": list(moved.runs), "objects": moved.objects, "bytes": moved.size}, indent=2))
        return
    count = f"{len(moved.runs)} run{'' if len(moved.runs) == 1 else 's'}"
    new = f"{moved.objects:,} new object{'' if moved.objects == 1 else 's'}, {in_words(moved.size)}"
    typer.echo(f"{count}, {new if moved.objects else 'nothing new'}, {what}")
