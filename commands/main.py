"""The command ``evergreen``. Exit codes: 0 done, 1 a step failed, 2 bad recipe or input, 130 and 143 stopped."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from commands import champions, folds, new, predict, web
from commands.letters import know_every_letter
from commands.options import (
    DONE,
    JsonOption,
    RecipeArgument,
    SetOption,
    SourceOption,
    StoreOption,
    VerboseOption,
    errors,
    loaded,
)
from commands.running import reused, run_flow
from commands.terminal import show_answer, show_inspection, show_lineage, show_run, show_steps
from commands.usage import Usage
from evergreen.paths import is_file
from evergreen.recipe import Recipe, recipe_schema
from evergreen.variables import check
from flows.servers.named_server import named_server
from runs.place import store_root
from runs.plan import nothing_to_do, plan
from runs.summaries.summary import is_tracked, named_run
from storage.digests import sha256_file
from storage.in_use import in_use
from storage.runs import run_folder
from storage.steps import lineage as graph
from storage.store import Store

app = typer.Typer(
    cls=Usage,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keeps an image classifier fresh.",
)

app.add_typer(champions.app)
app.add_typer(folds.app)
app.add_typer(new.app)
app.add_typer(predict.app)
app.add_typer(web.app)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"evergreen {version('evergreen-retrain')}")
        raise typer.Exit


@app.callback()
def _before_every_command(
    tell_version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the installed version, and end."),
    ] = False,
) -> None:
    know_every_letter()
    with errors(verbose=False):
        for warning in check():
            typer.secho(warning, err=True, fg=typer.colors.YELLOW)


@app.command()
def retrain(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Retrain a recipe: redo what changed, reuse the rest, verify every export."""
    root = store_root(store)
    with errors(verbose):
        wanted = loaded(recipe, overrides, source)
        summary = None if named_server() else _reuse_everything(wanted, Store(root))
    code = DONE
    if summary is None:
        summary, code = run_flow("retrain", (recipe, overrides, source), {}, root, verbose)
    _show(summary, root, as_json)
    raise typer.Exit(code)


@app.command()
def inspect(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show which folder becomes which class, and why.")
    ] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Look at a recipe's data: classes, sizes, samples, quarantine, duplicates. Trains nothing."""
    from rich.console import Console

    root = store_root(store)
    with errors(verbose):
        loaded(recipe, overrides, source)
    summary, code = run_flow("inspect", (recipe, overrides, source), {"dry_run": dry_run}, root, verbose)
    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        show_inspection(Console(), summary, run_folder(Store(root), summary["id"]))
    raise typer.Exit(code)


@app.command(name="plan")
def show_plan(
    recipe: RecipeArgument,
    overrides: SetOption = None,
    source: SourceOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Show what a retraining would run, what it would reuse, and why. It starts nothing."""
    from rich.console import Console

    with errors(verbose):
        wanted = loaded(recipe, overrides, source)
        steps = [entry.as_json() for entry in plan(wanted, Store(store_root(store)))]
    if as_json:
        typer.echo(json.dumps({"recipe": wanted.name, "steps": steps}, indent=2, ensure_ascii=False))
    else:
        show_steps(Console(), steps)


@app.command(name="why")
def show_why(
    step: Annotated[str, typer.Argument(help="A step's name.")],
    run: Annotated[str | None, typer.Argument(help="A run's id. Default: the newest completed run.")] = None,
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


@app.command()
def lineage(
    ref: Annotated[str, typer.Argument(help="A digest or its beginning, a run's id, or an exported file.")],
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


@app.command()
def schema() -> None:
    """Print the JSON schema of a recipe, for editors."""
    typer.echo(recipe_schema(), nl=False)


def _reuse_everything(recipe: Recipe, store: Store) -> dict[str, Any] | None:
    """Return the summary of a run that reuses every step, or None if something must run. Starts nothing."""
    with in_use(store):
        entries = plan(recipe, store)
        model = next((entry.output for entry in entries if entry.name == "train"), None)
        if not nothing_to_do(entries) or model is None or not is_tracked(store, recipe, model.sha256):
            return None
        return reused(recipe, store, entries, "completed")


def _show(summary: dict[str, Any], root: Path, as_json: bool) -> None:
    from rich.console import Console

    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    console = Console()
    if summary["steps"] and all(step["state"] == "reused" for step in summary["steps"]):
        console.print("Nothing changed: every step is reused.")
    show_run(console, summary, run_folder(Store(root), summary["id"]))


def _digest_meant(store: Store, ref: str) -> str:
    """Return the digest that a reference stands for: of a file, of a run's newest artifact, or itself."""
    if is_file(Path(ref)):
        return sha256_file(Path(ref))
    if summary := named_run(store, ref):
        outputs = [step["output"] for step in summary["steps"] if step["output"]]
        return outputs[-1] if outputs else ref
    return ref
