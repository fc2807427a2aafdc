"""What a process may be given in place of a training, which takes TensorFlow: processes that are spawned import it."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Pid:
    """Says which process does it, and how it takes Ctrl-C."""

    def do(self) -> tuple[int, bool]:
        os.write(1, b"said by a worker\n")
        return os.getpid(), signal.getsignal(signal.SIGINT) is signal.SIG_IGN


@dataclass(frozen=True)
class Dies:
    """Kills its process so many times, and then does not.

    Attributes:
        folder: where each process leaves a file of its name.
        times: how many processes die.
    """

    folder: Path
    times: int

    def do(self) -> int:
        (self.folder / str(os.getpid())).touch()
        if len(list(self.folder.iterdir())) <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()


@dataclass(frozen=True)
class Learns:
    """Learns until it is told to stop, and then keeps what it learned, as a training does.

    Attributes:
        file: what it writes: its process, and then what ended it.
    """

    file: Path

    def do(self) -> None:
        self.file.write_text(str(os.getpid()))
        try:
            time.sleep(60)
        except BaseException as error:
            self.file.with_suffix(".kept").write_text(type(error).__name__)
            raise


class Odd(Exception):
    """An exception that cannot be made anew of what is sent of it."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


@dataclass(frozen=True)
class Raises:
    """Raises something; ``what`` is one of ``value``, ``odd`` and ``held``."""

    what: str

    def do(self) -> Any:
        if self.what == "value":
            raise ValueError("as it was raised")
        error: Exception = Odd(1, 2)
        if self.what == "held":
            error = ValueError("holds what cannot be sent")
            error.thing = lambda: None  # type: ignore[attr-defined]
        raise error


def until(there: Path, seconds: float = 30) -> str:
    """Wait until a file holds something, and return that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if there.exists() and (text := there.read_text(encoding="utf-8")):
            return text
        time.sleep(0.02)
    raise AssertionError(f"nothing was written to {there}")


def ended(pid: int, seconds: float = 30) -> bool:
    """Wait until a process has ended, and return whether it did."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False
