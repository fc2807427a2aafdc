"""How a run ended, in few words: they become the run's name and the message of its state."""

import functools
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, ParamSpec

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from evergreen.errors import EvergreenError
from evergreen.sources.archives.names import visible_lines
from flows.dashboard.failure import as_in_the_form, show_refused
from flows.dashboard.reasons import reason_in
from flows.scheduling.fresh import keep_form_fresh
from runs.run import Run
from runs.standing import promoted_by
from runs.summaries.diagnosis import DIAGNOSED
from runs.summaries.folds import CROSS_VALIDATED
from runs.summaries.sweep import SWEPT
from storage.errors import StoreError
from tasks.telling import listen, shortened

P = ParamSpec("P")

# What a run must say that failed after it made its model champion.
CHAMPION_CHANGED = "but the champion changed"

_MOST_STEPS = 3
_LONGEST_NAME = 120

# The run whose flow is running here; a flow that failed asks it which step that was.
current_run: ContextVar[Run | None] = ContextVar("current_run", default=None)


def words_of(summary: Mapping[str, Any]) -> str:
    """Return how a run ended, in few words.

    Args:
        summary: what ``run.json`` says of it.
    """
    steps = {step["name"]: step for step in summary["steps"]}
    if found := summary.get("findings"):
        if summary.get("refused"):
            return f"the split will refuse this, {found['quarantined']:,} quarantined"
        return f"{found['images used']:,} images used, {found['quarantined']:,} quarantined"
    if (folds := summary.get("folds")) and summary["outcome"] == CROSS_VALIDATED:
        return f"{folds['folds']} folds, accuracy {folds['accuracy']:.1%} of {folds['count']:,} images"
    if (found := summary.get("diagnosis")) and summary["outcome"] == DIAGNOSED:
        named = found["counts"]["label_error"]
        return "no label was judged" if "why" in found else f"{found['judged']:,} labels judged, {named:,} suspect"
    if (sweep := summary.get("sweep")) and summary["outcome"] == SWEPT:
        ended = sum(sweep["trials"].values())
        best = "" if sweep["val_accuracy"] is None else f", the best validates at {sweep['val_accuracy']:.1%}"
        return f"{ended} trials{best}"
    if summary["outcome"] != "completed":
        changed = f", {CHAMPION_CHANGED}" if summary.get("promoted") else ""
        ended = at_step(summary["outcome"], steps.values())
        reason = f"{reason_in(summary['error'])}, " if summary["outcome"] == "failed" and summary.get("error") else ""
        return reason + ended + changed
    ran = [name for name, step in steps.items() if step["state"] == "ran"]
    if not ran:
        return "nothing changed"
    if "train" not in ran:
        more = f" and {len(ran) - _MOST_STEPS} more" if len(ran) > _MOST_STEPS else ""
        return f"same model, {', '.join(ran[:_MOST_STEPS])}{more} redone"
    standing = (summary.get("comparison") or {}).get("standing")
    what = "retrained" if standing is None else "promoted" if standing == "champion" else f"not promoted ({standing})"
    test = summary["metrics"].get("test")
    return f"{what}, test accuracy {test['accuracy']:.1%}" if test else what


def at_step(outcome: str, steps: Any) -> str:
    """Return an outcome with the step at which it came about, if there was one: ``failed at train``."""
    failed = [step["name"] for step in steps if step["state"] in ("failed", "stopped")]
    return f"{outcome} at {failed[0]}" if failed else str(outcome)


def tells_outcome(flow: Callable[P, dict[str, Any]]) -> Callable[P, dict[str, Any]]:
    """Let the function of a flow return a state whose message says how it ended, instead of its summary alone.

    To whoever calls the flow nothing changes, hence the types: Prefect returns the summary, or raises the error.
    """

    @functools.wraps(flow)
    def told(*args: P.args, **kwargs: P.kwargs) -> Any:
        current_run.set(None)
        listen()
        keep_form_fresh()
        try:
            summary = flow(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, the state carries it, and Prefect raises it
            run = current_run.get()
            if run is None:  # before there was a run to name, and to show
                _refused(f"{type(error).__name__}: {error}")
            where = _failed(run) if run else "failed"
            ours = isinstance(error, EvergreenError | StoreError)
            why = visible_lines(as_in_the_form(str(error)) if FlowRunContext.get() else str(error))
            if FlowRunContext.get():
                get_run_logger().error(f"{where}: {why}", exc_info=not ours)
            return Failed(message=f"{where}: {type(error).__name__}: {why}", data=error)
        decision = summary.get("decision") or {}
        reason = "" if decision.get("retrain", True) else f": {decision['reason']}"
        return Completed(message=words_of(summary) + reason, data=summary)

    return told


def _refused(error: str) -> None:
    """Tell, in the dashboard, why there was no run."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    rename(f"{context.flow_run.name}: {reason_in(error)}")
    try:
        show_refused(str((context.parameters or {}).get("recipe") or ""), error)
    except (HTTPError, PrefectException) as unheard:  # nor does this hide why it failed
        get_run_logger().warning("why it failed could not be shown: %s", unheard)


def _failed(run: Run) -> str:
    where = at_step("failed", (entry.as_json() for entry in run.journal.entries.values()))
    return f"{where}, {CHAMPION_CHANGED}" if promoted_by(run) else where


def name_run(run: Run, summary: Mapping[str, Any]) -> None:
    """Give a run in the dashboard a name that says flow, recipe and outcome."""
    context = FlowRunContext.get()
    if context and context.flow:
        rename(f"{context.flow.name} {run.recipe.name}: {words_of(summary)}")


def rename(name: str) -> None:
    """Rename the run in the dashboard, if there is one and its server answers."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    try:
        with get_client(sync_client=True) as client:
            client.update_flow_run(context.flow_run.id, name=shortened(name, _LONGEST_NAME))
    except (HTTPError, PrefectException) as error:  # a run does not fail for its name, nor hides why it failed
        get_run_logger().warning("the run could not be named %r: %s", name, error)
