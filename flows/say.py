"""Words of a flow, to whoever listens and to the run's log."""

from prefect.context import FlowRunContext
from prefect.logging import get_run_logger

from runs.run import listener


def say(text: str) -> None:
    """Tell something in words, to the terminal and the run's log."""
    if hearing := listener.get():
        hearing.note(text)
    if FlowRunContext.get():
        get_run_logger().info(text)
