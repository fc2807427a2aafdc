"""How a run begins and ends, whichever flow it is of: its store, its summary, what is said of its end."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from evergreen.recipe import Recipe
from flows.dashboard.failure import as_in_the_form, show_failure
from flows.dashboard.run import show_in_dashboard
from flows.decision import NOT_RETRAINED
from flows.opening import open_store
from flows.outcome import current_run, name_run
from flows.say import say
from runs.kept.caches import trim_cache
from runs.own.remarks import remarks_on
from runs.run import Flow, Run, listener
from runs.shared.sharing import agree_at_the_start
from runs.stopped import how_it_stopped, stopped_by
from runs.summaries.summary import finish
from storage.identity import identity_of
from storage.in_use import in_use
from storage.workspaces import must_lock


@contextmanager
def started(
    recipe: Recipe,
    store: str | None,
    outcome: str = "completed",
    show: Callable[[Run, dict[str, Any]], None] | None = None,
    flow: Flow = "retrain",
) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Yield a new run and the summary that is filled when it ends, well or badly.

    Args:
        recipe: what to run.
        store: folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        outcome: what the summary says of a run that ends well.
        show: shows such a run in the dashboard; None as a retraining is shown.
        flow: what the run is of.
    """
    run = Run.new(open_store(store), recipe)
    run.journal.flow = flow
    current_run.set(run)
    run.store.sweep()
    must_lock(run.store.root)
    identity_of(run.store.root)  # what cannot be read is said before hours of training, not after
    run.journal.remarks = remarks_on(recipe, run.store)
    _log([*recipe.remarks, *run.journal.remarks])
    if hearing := listener.get():
        hearing.started(run)
    summary: dict[str, Any] = {}
    with in_use(run.store):
        for sentence in agree_at_the_start(run.store, recipe.name):
            say(sentence)
        try:
            try:
                yield run, summary
            finally:
                _beside("the caches are not trimmed", lambda: trim_cache(run.store))
            decision = run.journal.decision
            summary.update(finish(run, outcome if decision is None or decision["retrain"] else NOT_RETRAINED))
            _log(summary["notes"])
            (show or show_in_dashboard)(run, summary)
        except BaseException as error:
            failed = isinstance(error, Exception) and not stopped_by(error)
            ended, told = (
                ("failed", f"{type(error).__name__}: {error}") if failed else ("cancelled", how_it_stopped(run, error))
            )
            _beside("what the run came to is not written down", lambda: _told(run, ended, told))
            raise
        name_run(run, summary)


def _log(sentences: Iterable[str]) -> None:
    """Tell the run's log what people should know; in a terminal the command says it."""
    for sentence in sentences if FlowRunContext.get() else ():
        get_run_logger().warning(as_in_the_form(sentence))


def _told(run: Run, ended: str, why: str) -> None:
    """Write down, in the run's folder and in the dashboard, how a run ended that did not end well."""
    summary = finish(run, ended, why)
    name_run(run, summary)
    if ended == "failed":
        show_failure(run, summary)


def _beside(harm: str, work: Callable[[], object]) -> None:
    """Do what is done besides a run: its failure is said, hides no error of the run's own, and fails no good run."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is what counts
        say(f"{harm}: {type(error).__name__}: {error}")
