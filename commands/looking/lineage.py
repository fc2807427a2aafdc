"""The command ``evergreen lineage``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from commands import completion
from commands.options import LOOK, JsonOption, StoreOption, VerboseOption, errors, example
from commands.terminal import show_lineage
from evergreen.paths import is_file
from runs.place import store_root
from storage.digests import sha256_file
from storage.steps import lineage as graph
from storage.store import Store

app = typer.Typer()


@app.command(rich_help_panel=LOOK, epilog=example("evergreen lineage model.tflite"))
def lineage(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="A digest or its beginning, a run's id, or an exported file.",
            autocompletion=completion.runs,
        ),
    ],
    store: StoreOption = None,
    as_json: JsonOption = False,
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid flowchart.")] = False,
    verbose: VerboseOption = False,
) -> None:
    """Show where an artifact, or an exported file, came from: up to the source's bytes."""
    from rich.console import Console

    stored = Store(store_root(store))
    with errors(verbose):
        node = graph.trace(stored, graph.find(stored, _digest_meant(stored, ref)))
        if as_json:
            typer.echo(json.dumps(graph.as_json(node), indent=2, ensure_ascii=False))
        elif mermaid:
            typer.echo(graph.as_mermaid(node), nl=False)
        else:
            show_lineage(Console(), node)


def _digest_meant(store: Store, ref: str) -> str:
    """Return the digest that a reference stands for: of a file, of a run's newest artifact, or itself."""
    from runs.summaries.summary import named_run  # late: NumPy

    if is_file(Path(ref)):
        return sha256_file(Path(ref))
    if summary := named_run(store, ref):
        outputs = [step["output"] for step in summary["steps"] if step["output"]]
        return outputs[-1] if outputs else ref
    return ref
