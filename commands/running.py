"""Run a flow in this process, on its server, and tell a person how it goes and how it ended."""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NoReturn

import typer
from rich.console import Console

from commands.options import BAD, DONE, FAILED, errors, is_quiet
from commands.quiet import only_ours
from commands.stopping import STOPPED, ends_when_told, exit_code
from commands.terminal import Progress, show_last
from evergreen.errors import BadInput, EvergreenError
from evergreen.recipe import Recipe
from evergreen.sources.archives.names import visible_lines
from evergreen.step import Step
from flows.servers.named_server import NamedServer
from flows.servers.prefect_home import prepare_prefect
from runs.own.remarks import hint_after, remarks_on
from runs.run import Entry, Flow, Run, listener
from runs.standing import promoted_by
from runs.stopped import Stopped, stopped_by
from storage.errors import StoreError
from storage.in_use import in_use
from storage.runs import read_summary, run_folder
from storage.store import Store

FlowName = Literal["retrain", "inspect", "folds", "sweep", "doctor"]
Show = Callable[[Console, dict[str, Any], Path], None]


@contextmanager
def on_server(
    named: NamedServer | None,
    root: Path,
    log: Path | None,
    console: Console,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[Callable[[], None]]:
    """Import Prefect, and yield what waits until the server answers: the flow is imported while a private one starts.

    Args:
        named: the server that the user's settings name, if they name one.
        root: the store's.
        log: where libraries print to; None is the terminal.
        console: the true stderr.
        meanwhile: is called while a private server starts, which takes a processor and some seconds.
    """

    def say(text: str) -> None:
        console.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

    say("starting Prefect")
    gc.disable()  # imports make half a million objects, all of which stay: collecting meanwhile costs 0.3 s
    from flows.servers.private_server import prefect_server

    with prefect_server(named, root / "prefect", log, say) as answers:

        def ready() -> None:
            if meanwhile and not named:
                meanwhile()
            gc.freeze()
            gc.enable()
            answers()

        yield ready


def telling(console: Console) -> Console:
    """Return where progress is told: the console of standard error, or nowhere with ``--quiet``."""
    return Console(file=console.file, quiet=True) if is_quiet() else console


def run_flow(
    name: FlowName,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    root: Path,
    verbose: bool,
    meanwhile: Callable[[], object] | None = None,
) -> tuple[dict[str, Any], int]:
    """Return the summary of a flow's run, also of one that failed or was stopped, and the command's exit code.

    Args:
        name: of the flow.
        arguments: the recipe, overrides and source.
        options: what else the flow takes.
        root: the store's.
        verbose: whether libraries may print, and errors keep their tracebacks.
        meanwhile: what is needed afterwards anyway, done while a private server starts.

    Raises:
        typer.Exit: it ended before there was a summary.
    """
    log = None if verbose else root / "logs" / f"{name}.txt"
    with ends_when_told(), errors(verbose):
        named = prepare_prefect(root, verbose=verbose)
        with only_ours(log) as (_, err):
            shown = telling(err)
            progress = Progress(shown)
            listener.set(progress)
            try:
                with on_server(named, root, log, shown, meanwhile) as ready:
                    flow = _flow(name)
                    ready()
                    summary = flow(*arguments, str(root), **options)
            except (Exception, Stopped, KeyboardInterrupt) as error:
                progress.close()
                stopped = stopped_by(error)
                if verbose and not stopped:
                    raise
                if stopped:
                    progress.stopped(error)
                else:
                    told = visible_lines(_how_it_failed(progress, error, log))
                    err.print(told, style="red", markup=False, highlight=False, soft_wrap=True)
                if progress.run and (release := promoted_by(progress.run)):
                    all_the_same = _all_the_same(progress.run.recipe.name, release)
                    err.print(all_the_same, style="yellow", markup=False, soft_wrap=True)
                gc.freeze()  # as below
                refused = isinstance(error, BadInput) and not progress.failed
                return _written(progress, exit_code(error) if stopped else BAD if refused else FAILED)
    gc.freeze()  # a last collection over TensorFlow's and Prefect's objects would delay the process's end by 1.7 s
    return summary, DONE


def _how_it_failed(progress: Progress, error: BaseException, log: Path | None) -> str:
    if isinstance(error, BadInput) and not progress.failed:
        return str(error)
    where = f"step {progress.failed.name}" if progress.failed else "the run"
    hint = "" if isinstance(error, EvergreenError | StoreError) else f"\nSee {log}, or run again with --verbose."
    if progress.run and progress.failed and progress.failed.name == "repair":
        hint += hint_after(progress.run.recipe)
    return f"{where} failed: {error}{hint}"


def _all_the_same(recipe: str, release: str) -> str:
    return (
        f"{recipe} has a new champion all the same: release {release[:12]}, whose model had passed the gate. "
        f"To step back: evergreen rollback {recipe}"
    )


def reused(
    recipe: Recipe,
    store: Store,
    entries: Iterable[Entry],
    outcome: str,
    fill: Callable[[Run], object] = lambda run: None,
    flow: Flow = "retrain",
) -> dict[str, Any]:
    """Return the summary of a run that reuses every step of a plan; ``fill`` adds to its journal and its folder."""
    from runs.summaries.summary import finish  # late: NumPy

    run = Run.new(store, recipe)
    run.journal.flow = flow
    run.journal.remarks = remarks_on(recipe, store)
    for entry in entries:
        run.journal.add(entry)
    fill(run)
    return finish(run, outcome)


def reused_whole(
    recipe: Recipe, store: Store, steps: Sequence[Step], outcome: str, flow: Flow
) -> dict[str, Any] | None:
    """Return the summary of a run that reuses all of some steps, or None if one of them must run. Starts nothing."""
    from runs.plan import nothing_to_do, plan  # late: NumPy

    with in_use(store):
        entries = plan(recipe, store, steps)
        return reused(recipe, store, entries, outcome, flow=flow) if nothing_to_do(entries) else None


def ended(summary: dict[str, Any], code: int, root: Path, as_json: bool, show: Show) -> NoReturn:
    """Tell how a run ended, as ``tell_end`` does, and end the command.

    Args:
        summary: of the run, as run.json.
        code: the command's exit code.
        root: the store's.
        as_json: whether programs read it.
        show: prints it at length.

    Raises:
        typer.Exit: always.
    """
    tell_end(summary, code, root, as_json, show)
    raise typer.Exit(code)


def tell_end(summary: dict[str, Any], code: int, root: Path, as_json: bool, show: Show) -> None:
    """Tell how a run ended, in JSON, in one line or at length; of a stopped one all was told.

    Args:
        summary: of the run, as run.json.
        code: the command's exit code.
        root: the store's.
        as_json: whether programs read it.
        show: prints it at length.
    """
    if as_json:
        typer.echo(json.dumps(summary, indent=2, ensure_ascii=False))
    elif code not in STOPPED:
        (show_last if is_quiet() else show)(Console(), summary, run_folder(Store(root), summary["id"]))


def _written(progress: Progress, code: int) -> tuple[dict[str, Any], int]:
    """Return what a run that did not complete left in its folder."""
    told = read_summary(progress.run.store, progress.run.id) if progress.run else None
    if told is None:  # it ended before there was a run, or its folder was not writable
        raise typer.Exit(code)
    return told, code


def _flow(name: FlowName) -> Callable[..., dict[str, Any]]:
    """Import a flow, and Prefect with it."""
    if name == "retrain":
        from flows.retrain import retrain as retraining

        return retraining
    if name == "folds":
        from flows.folds import folds as cross_validation

        return cross_validation
    if name == "doctor":
        from flows.doctor import doctor as diagnosis

        return diagnosis
    if name == "sweep":
        from flows.sweep import sweep as sweeping

        return sweeping
    from flows.inspection import inspect as inspection

    return inspection
