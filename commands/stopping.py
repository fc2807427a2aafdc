"""How a command ends when it is told to: with the exit code that shells give a signal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from runs.stopped import Stopped, how_it_stopped, listening, stopped_by

# Exit codes of a command that a signal ended: one line said so, and what is kept.
STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)


@contextmanager
def ends_when_told() -> Iterator[None]:
    """Let SIGTERM raise an exception, as Ctrl-C does, and end the command with the exit code of either."""
    with listening():
        try:
            yield
        except (Stopped, KeyboardInterrupt) as error:
            typer.secho(how_it_stopped(None, error), err=True, fg=typer.colors.YELLOW)
            raise typer.Exit(exit_code(error)) from None


def exit_code(error: BaseException) -> int:
    """Return what a shell gives for a process that a signal ended: 143 for SIGTERM, 130 for Ctrl-C."""
    return 128 + (stopped_by(error) or signal.SIGTERM)
