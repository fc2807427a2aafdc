"""What set off a chain of steps: of a step that runs for another's result, why that one ran, up to the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from evergreen.fold_steps import step_named
from evergreen.steps import STEPS
from runs.run import Entry
from tasks.telling import shortened

if TYPE_CHECKING:
    from tasks.step import Execution

# As ``storage.steps.keys.differences`` says it, and ``runs.keys.why_it_runs`` shortens it.
_OF_ANOTHER = re.compile(r"(.+) gave another result( and \d+ more)?")
_AT = re.compile(r", at [a-z]+( \d+)?\Z")
_ASKED = {step.asks for step in STEPS if step.asks}
_LONGEST_REASON = 72


def name_of(execution: Execution) -> str:
    """Return what the dashboard calls an execution: the step, and why it runs or does not."""
    reason = execution.reason if execution.step.cached else "asked on every run"
    if execution.earlier is None and execution.step.cached:
        reason = traced(reason, execution.run.journal.entries)
    return f"{execution.title}: {shortened(reason, _LONGEST_REASON)}"


def traced(reason: str, entries: Mapping[str, Entry]) -> str:
    """Return a reason in which each step that gave another result makes room for why it did, and where that was.

    ``export gave another result`` becomes ``train.phases.0.epochs: 2 -> 3, at train``.

    Args:
        reason: why a step runs, as the table of steps says it.
        entries: step -> what it did, of the same run.
    """
    return "; ".join(dict.fromkeys(_causes(reason, entries)))


def _causes(reason: str, entries: Mapping[str, Entry]) -> Iterator[str]:
    for part in reason.split("; "):
        found = _OF_ANOTHER.fullmatch(part)
        entry = entries.get(found[1]) if found else None
        if entry is None or entry.state != "ran":
            yield part
        else:
            yield from _causes_of(entry, entries)


def _causes_of(entry: Entry, entries: Mapping[str, Entry]) -> Iterator[str]:
    """Yield why a step ran; of one whose reason does not say what is new of it, that it gave another result."""
    step = step_named(entry.name)
    asks = step.asks if step else ""
    if asks and not _OF_ANOTHER.search(entry.reason):
        yield asks if entry.reason == asks else f"{entry.name} gave another result"
        return
    for cause in _causes(entry.reason, entries):
        known = _OF_ANOTHER.fullmatch(cause) or _AT.search(cause) or cause in _ASKED
        yield cause if known else f"{cause}, at {entry.name}"
