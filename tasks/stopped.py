"""A run that somebody stopped, as opposed to one that failed."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

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
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
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
