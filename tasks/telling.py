"""How the dashboard tells of a step: its name in each line, few words, and no traceback of our own errors."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from evergreen.errors import EvergreenError
from storage.errors import StoreError

# What Prefect logs of tasks and flows, and hands to its server; and what the process of a worker says of itself.
_LOGGERS = ("prefect.task_runs", "prefect.flow_runs", "prefect.engine")
# What a line of Prefect's own begins with that says of no task which it is.
_OF_NO_TASK = ("Finished in state", "Task run failed with")

# What it says once more of an error that ended a flow, after the flow did.
_AGAIN = ("Engine execution exited with", "Execution of flow run")

# An error that ended a task is no result to be kept; how a record failed to be written is another thing.
_NO_RESULT = re.compile(r"Failed to write result: Failed to serialize object of type '(?!Ref')")

# The step that is being called, as people read it.
step_called: ContextVar[str] = ContextVar("step_called", default="")


def shortened(text: str, most: int) -> str:
    """Return text on one line of so many characters at most, cut between words; a longer first word is cut itself.

    Args:
        text: of any length.
        most: 2 or more.
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    head, gap, _ = line[: most - 1].rpartition(" ")
    return f"{head.rstrip(' ,;:(')} …" if gap else f"{line[: most - 1]}…"


@contextmanager
def told_of(name: str) -> Iterator[None]:
    """Have what is logged, here and in threads that begin here, be of a step or a trial of this name."""
    token = step_called.set(name)
    try:
        yield
    finally:
        step_called.reset(token)


class StepLogs(logging.Filter):
    """Has Prefect's lines say which step they are of; shows no traceback where an error of ours has words."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change a record in place; let it through, unless it says again what was said in words."""
        if _NO_RESULT.match(record.getMessage()):
            return False
        step = step_called.get()
        if step and isinstance(record.msg, str) and record.msg.startswith(_OF_NO_TASK):
            record.msg = f"{step.replace('%', '%%') if record.args else step}: {record.msg}"
        if record.exc_info and isinstance(record.exc_info[1], EvergreenError | StoreError):
            record.exc_info = record.exc_text = None
            return not (isinstance(record.msg, str) and record.msg.startswith(_AGAIN))
        return True


def listen() -> None:
    """Have Prefect's lines pass by the filter, once in a process."""
    for logger in map(logging.getLogger, _LOGGERS):
        if not any(isinstance(known, StepLogs) for known in logger.filters):
            logger.addFilter(StepLogs())
