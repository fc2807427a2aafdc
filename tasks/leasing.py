"""A step that one machine at a time does: its lease ends when its record is written, and what it says is heard."""

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.context import TaskRunContext
from prefect.logging import get_run_logger

from runs.run import listener
from runs.shared.leasing import Turn

MADE_ELSEWHERE = "another machine made it meanwhile"


@contextmanager
def taking_turns(turn: Turn | None) -> Iterator[None]:
    """End the lease of a step once its record is written, or once something ended the step.

    Args:
        turn: whose ``wait`` the step's body may have called; None of a step for which nobody waits.
    """
    try:
        yield
    except BaseException:
        if turn:
            turn.over(made=False)
        raise
    if turn:
        turn.over(made=True)


def said(text: str) -> None:
    """Tell something in words, to the terminal and the run's log; unlike a progress, threads may say it, too."""
    if hearing := listener.get():
        hearing.note(text)
    if TaskRunContext.get():
        get_run_logger().info(text)
