"""How a command ends when it is told to: what was kept, in words, and the exit code that shells give a signal."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from tasks.checkpoints import state_of
from tasks.run import Entry, Run
from tasks.stopped import Stopped, listening, stopped_by

_GOES_ON = "the same command goes on from there"


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


def how_it_stopped(run: Run | None, error: BaseException) -> str:
    """Return in words what stopped a run, where, and what is kept.

    Args:
        run: with its journal; None if there was none yet.
        error: what was raised.
    """
    number = stopped_by(error)
    by = f"stopped by {number.name}" if number else f"stopped ({type(error).__name__})"
    entries = list(run.journal.entries.values()) if run else []
    at = next((entry for entry in entries if entry.state == "stopped"), None)
    if run is None or not entries:
        return by
    if at is None:
        return f"{by} after {entries[-1].name}; every step so far is kept, {_GOES_ON}"
    return f"{by} in {at.name}; {_kept(run, at)}, {_GOES_ON}"


def _kept(run: Run, at: Entry) -> str:
    """Return what is kept of a step that was stopped, and of those before it."""
    if at.name == "train" and at.key and (state := state_of(run.store, at.key)):
        facts, _ = state
        epochs = len(facts["course"]["history"])
        count = "1 epoch" if epochs == 1 else f"{epochs} epochs"
        if facts["batch"]:
            return f"{count} and a part of the next are kept"
        return f"{count} {'is' if epochs == 1 else 'are'} kept"
    return "the steps before it are kept"
