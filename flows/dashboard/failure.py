"""What the Prefect dashboard shows of a run that failed: why, as it was said, line for line; and how far it came."""

from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext

from evergreen.reports.markdown import fenced
from flows.dashboard.classes import show_classes
from runs.run import Run


def show_failure(run: Run, summary: dict[str, Any]) -> None:
    """Write why a run failed, and its classes if it came so far; nothing outside a flow's run.

    Args:
        run: that failed.
        summary: what ``run.json`` says of it, with ``error``.
    """
    if FlowRunContext.get() is None:
        return
    name = run.recipe.name
    at = next((step["name"] for step in summary["steps"] if step["state"] == "failed"), None)
    create_markdown_artifact(
        key=f"{name}-failure",
        markdown=f"# Failed{f' at {at}' if at else ''}\n\nRun `{run.id}`:\n\n{fenced(summary['error'])}",
        description=f"{name}: why its last failed run failed",
    )
    show_classes(run, summary)
