"""What the Prefect dashboard shows of a run that failed: why, as it was said, line for line, and what to do."""

import textwrap
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.context import FlowRunContext

from evergreen.reports.markdown import fenced, literal
from evergreen.sections.base import hyphenated
from flows.dashboard.classes import show_classes
from flows.dashboard.decision import store_in_words
from flows.dashboard.in_the_form import IN_A_TERMINAL, fields_in, in_the_form
from flows.dashboard.reasons import reason_in, to_do
from runs.run import Run

_LONGEST_KEY = 60
_WIDTH = 76  # characters that a dashboard on a desktop shows beside its margin


def show_failure(run: Run, summary: dict[str, Any]) -> None:
    """Write why a run failed, and its classes if it came so far; nothing outside a flow's run.

    Args:
        run: that failed.
        summary: what ``run.json`` says of it, with ``error``.
    """
    if FlowRunContext.get() is None:
        return
    at = next((step["name"] for step in summary["steps"] if step["state"] == "failed"), None)
    where = f"Run `{run.id}`{f' failed at {at}' if at else ''}, in {store_in_words(run)}:"
    _show(run.recipe.name, where, summary["error"])
    show_classes(run, summary)


def show_refused(recipe: str, error: str) -> None:
    """Write why there was no run: the recipe cannot be read, or the store not be opened.

    Args:
        recipe: as the flow was given it.
        error: type and message.
    """
    name = hyphenated(recipe.lower().rpartition("/")[2].removesuffix(".yaml"))
    _show(name[:_LONGEST_KEY] or "recipe", "Nothing was begun:", error)


def _show(name: str, where: str, error: str) -> None:
    """Write the artifact: the few words, the whole message, and what to do, in the words of the form."""
    reason, help_ = reason_in(error), to_do(error)
    lines = [f"# {literal(reason[:1].upper() + reason[1:])}", where, fenced(_wrapped(as_in_the_form(error)))]
    lines += ["## What to do", help_]
    if _has("overrides") and (found := fields_in(f"{error}\n{help_}", _has("settings"))):
        lines += ["In the form of *Run > Custom run*:", "\n".join(f"- {line}" for line in found)]
    lines.append("What is done already is not done again.")
    create_markdown_artifact(
        key=f"{name}-failure", markdown="\n\n".join(lines), description=f"{name}: why its last failed run failed"
    )


def as_in_the_form(text: str) -> str:
    """Return what a message says to type in the words of the form of the flow that runs here, if it has such fields."""
    return in_the_form(text, _has("settings")) if _has("overrides") else text


def _has(field: str) -> bool:
    """Whether the form of the flow that runs here has a field; a retraining's has them all."""
    context = FlowRunContext.get()
    return context is None or context.flow is None or field in context.flow.parameters.properties


def _wrapped(text: str) -> str:
    """Return text whose long lines go on in the next, further in: a block of code is as wide as its longest line.

    A command stays on its line: what is copied from several is no command.
    """
    return "\n".join(
        line
        if line.strip().removeprefix("try: ").startswith(IN_A_TERMINAL)
        else textwrap.fill(
            line,
            _WIDTH,
            subsequent_indent=" " * (len(line) - len(line.lstrip()) + 4),
            break_long_words=False,
            break_on_hyphens=False,
            expand_tabs=False,
            replace_whitespace=False,
        )
        for line in text.split("\n")
    )
