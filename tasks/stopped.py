"""A run that somebody stopped, as opposed to one that failed."""

import signal


class Stopped(BaseException):
    """A signal asked the command to end; as with KeyboardInterrupt, whoever has something to keep keeps it first."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.signal = number


def stopped_by(error: BaseException | None) -> signal.Signals | None:
    """Return the signal behind an exception: ours, Ctrl-C, or Prefect's TerminationSignal; None behind any other.

    What fails while a run is being stopped (its server was stopped too) is not why it ended.
    """
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return signal.SIGINT
        number = getattr(error, "signal", None)
        if not isinstance(error, Exception) and isinstance(number, int):
            return signal.Signals(number)
        error = error.__cause__ or error.__context__
    return None
