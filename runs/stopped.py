"""A run that somebody stopped, as opposed to one that failed: by which signal, where, and what is kept of it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from evergreen.fold_steps import trains
from runs.kept.checkpoints import state_of, teacher_is_kept
from runs.run import Entry, Run

_GOES_ON = "the same command goes on from there"
# What asked this process to end: libraries may lose the exception that says so, or what it was raised from.
_heard: list[signal.Signals] = []


class Stopped(BaseException):
    """A signal asked the command to end; as with KeyboardInterrupt, whoever has something to keep keeps it first."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = number


def stopped_by(error: BaseException | None) -> signal.Signals | None:
    """Return the signal behind an exception: ours, Ctrl-C, or Prefect's TerminationSignal; None behind any other.

    What fails while a run is being stopped (its server was stopped too) is not why it ended; nor is what fails after a
    signal was heard.
    """
    if error is not None and _heard:
        return _heard[0]
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return signal.SIGINT
        number = getattr(error, "signal", None)
        if not isinstance(error, Exception) and isinstance(number, int):
            return signal.Signals(number)
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def listening() -> Iterator[None]:
    """Let SIGTERM and Ctrl-C raise an exception each, and remember that they came.

    A process that was started to ignore Ctrl-C, as a shell starts those in its background, goes on ignoring it.
    """

    def hear(number: int, frame: FrameType | None) -> None:
        _heard.append(signal.Signals(number))
        raise KeyboardInterrupt if number == signal.SIGINT else Stopped(number)

    numbers = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        numbers.append(signal.SIGINT)
    before = {number: signal.signal(number, hear) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _heard.clear()


def go_on_unless_told() -> None:
    """Raise again what a library swallowed: a signal came, and the run goes on all the same.

    Raises:
        Stopped: one was heard.
    """
    if _heard:
        raise Stopped(_heard[0])


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
    if at:  # its step was stopped by what is written there; whoever asks may know only that it was
        by = f"stopped {at.reason.partition(';')[0]}"
    if run is None or not entries:
        return by
    if at is None and run.journal.sweep:
        over = sum(trial["state"] not in ("running", "waiting") for trial in run.journal.sweep["trials"])
        kept = f"{over} of {run.journal.sweep['planned']} trials have ended and are kept"
        return f"{by} in a sweep; {kept}, as is what others learned so far; {_GOES_ON}"
    if at is None:
        return f"{by} after {entries[-1].name}; every step so far is kept, {_GOES_ON}"
    return f"{by} in {at.name}; {_kept(run, at)}, {_GOES_ON}"


def _kept(run: Run, at: Entry) -> str:
    """Return what is kept of a step that was stopped, and of those before it."""
    if trains(at.name) and at.key and (state := state_of(run.store, at.key)):
        facts, _ = state
        epochs = len(facts["course"]["history"])
        count = "1 epoch" if epochs == 1 else f"{epochs} epochs"
        if facts["batch"]:
            return f"{count} and a part of the next are kept"
        return f"{count} {'is' if epochs == 1 else 'are'} kept"
    if trains(at.name) and at.key and teacher_is_kept(run.store, at.key):
        return "what its teachers learned is kept"
    return "the steps before it are kept"
