"""The command ``evergreen lineage``."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from commands import completion
from commands.options import LOOK, JsonOption, StoreOption, VerboseOption, errors, example
from evergreen.paths import is_file
from runs.place import store_root
from runs.shared.opening import opened
from storage.digests import canonical_json, sha256_bytes, sha256_file
from storage.steps import lineage as graph
from storage.steps.lineage import Node
from storage.store import Store

app = typer.Typer()

_WIDEST = 10_000


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
    with errors(verbose):
        stored = opened(store_root(store))
        node = graph.trace(stored, graph.find(stored, _digest_meant(stored, ref)))
        if as_json:
            typer.echo(json.dumps(graph.as_json(node), indent=2, ensure_ascii=False))
        elif mermaid:
            typer.echo(graph.as_mermaid(node), nl=False)
        else:
            show(Console(), node)


def _digest_meant(store: Store, ref: str) -> str:
    """Return the digest that a reference stands for: of a file, of a run's newest artifact, or itself."""
    from runs.summaries.summary import named_run  # late: NumPy

    if is_file(Path(ref)):
        return sha256_file(Path(ref))
    if summary := named_run(store, ref):
        outputs = [step["output"] for step in summary["steps"] if step["output"]]
        return outputs[-1] if outputs else ref
    return ref


def show(console: Console, node: Node) -> None:
    """Print the graph above an artifact as a tree; what was shown once is not unfolded again."""
    seen: set[str] = set()

    def grow(tree: Tree, node: Node) -> None:
        if node.artifact in seen:
            if node.inputs:
                tree.add("[dim]as above[/]")
            return
        seen.add(node.artifact)
        for above in node.inputs.values():
            grow(tree.add(_lineage_line(above)), above)

    root = Tree(_lineage_line(node))
    grow(root, node)
    if console.is_terminal:  # a line that wraps tears the tree: it is cut at the edge, and --json has it whole
        console.print(root, no_wrap=True, overflow="ellipsis", crop=True, highlight=False)
        return
    console.width = _WIDEST  # Rich would cut what lies deep, and whoever reads lines wants all of it
    console.print(root, soft_wrap=True, highlight=False)


def _lineage_line(node: Node) -> str:
    parts = node.parts or {}
    told = {name: value for name, value in node.facts.items() if isinstance(value, str)}
    if node.kind == "archive":
        told |= {name: f"sha256 {digest[:12]}" for name, digest in node.files.items()}
    if parts.get("code"):
        told["code"] = sha256_bytes(canonical_json(parts["code"]))[:12]
    told |= parts.get("libraries", {})  # last: a terminal cuts what does not fit
    facts = "  ".join(f"{name}: {value}" for name, value in told.items())
    made = f" by [bold]{node.step}[/]" if node.step else ""
    return f"{node.kind} [cyan]{node.artifact[:12]}[/]{made} [dim]{escape(facts)}[/]"
