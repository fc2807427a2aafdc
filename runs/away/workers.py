"""Processes that stay: each does one training after the other, and starts TensorFlow once."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import queue
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol, TypeVar

from evergreen.errors import EvergreenError
from runs.away.line import Message
from runs.stopped import Stopped, listening

_ALIVE_EVERY_SECONDS = 1.0
_LAST_SECONDS = 60.0  # for a worker that was told to end: it keeps what its training learned first


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Hear = Callable[[Message], object]


class Task(Protocol[T_co]):
    """Something to do in another process: it is pickled, and so is what it gives."""

    def do(self) -> T_co:
        """Do it."""


class Hands(Protocol):
    """What does such things: processes of this machine, or a cluster's.

    Attributes:
        where: where they are, in words.
        ours: whether they were started here, and so have the same store.
    """

    where: str
    ours: bool

    def do(self, task: Task[T], hear: Hear | None = None) -> T:
        """Do it, and wait for its end.

        Args:
            task: what.
            hear: is told, where this was called, what the task tells (``runs.away.line``).

        Raises:
            ProcessLost: whatever did it ended, and so did what it was given to next.
        """

    def close(self) -> None:
        """Let nothing run any more; what a training learned so far is kept."""


class ProcessLost(EvergreenError):
    """A process ended over what it was given, and another one too."""


class Workers:
    """Processes of this machine. A training whose process dies is given to a new one, once.

    Attributes:
        where: where trainings run, in words.
        ours: they have this process's store, and its files, so what they tell is heard in them.
    """

    ours = True

    def __init__(self, most: int, log: Path) -> None:
        """Take how many there may be at once, and where they print to; a process starts when it is needed."""
        self.where = f"this machine, {most} worker{'s' if most > 1 else ''}"
        self._log, self._closed = log, False
        self._idle: queue.Queue[_Worker | None] = queue.LifoQueue()
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()
        for _ in range(most):
            self._idle.put(None)

    def do(self, task: Task[T], hear: Hear | None = None) -> T:
        """Do something in an idle process, and wait for its end; ``hear`` is not called: it can do so itself.

        Raises:
            ProcessLost: two processes ended over it.
            Exception: what it raised itself.
            EOFError: the workers are being closed.
        """
        worker = self._idle.get()
        lost = ""
        try:
            for _ in range(2):
                worker = worker or self._started()
                try:
                    return worker.done(task)
                except _Lost as error:
                    lost = str(error)
                    self._gone(worker)
                    worker = None
                if self._closed:
                    raise EOFError("the sweep is being stopped")
            raise ProcessLost(f"its process ended twice: {lost}")
        finally:
            self._idle.put(worker)

    def close(self) -> None:
        """End every process: a training among them keeps what it learned, and its place in its epochs."""
        self._closed = True
        with self._lock:
            workers = list(self._all)
        for worker in workers:
            worker.tell_to_end()
        for worker in workers:
            worker.end()

    def _started(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise EOFError("the sweep is being stopped")
            worker = _Worker(self._log)
            self._all.add(worker)
        return worker

    def _gone(self, worker: _Worker) -> None:
        worker.end()
        with self._lock:
            self._all.discard(worker)


class _Lost(Exception):
    pass


class _Worker:
    def __init__(self, log: Path) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share TensorFlow's and Prefect's threads' locks
        self._here, there = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(there, log), name="sweep worker", daemon=True)
        self._process.start()
        there.close()

    def done(self, task: Task[T]) -> T:
        """Return what came of something, or raise what it raised; raises ``_Lost`` if the process ended over it."""
        try:
            self._here.send(task)
            well, answer = self._here.recv()
        except (EOFError, OSError):
            self._process.join(_LAST_SECONDS)
            code = self._process.exitcode
            words = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
            raise _Lost(words) from None
        if not well:
            raise answer
        done: T = answer
        return done

    def tell_to_end(self) -> None:
        if self._process.is_alive():
            self._process.terminate()

    def end(self) -> None:
        self._here.close()
        self._process.join(_LAST_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(connection: Connection, log: Path) -> None:
    """Do what a connection asks for, until it ends; the body of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which tells the workers
    _print_to(log)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with suppress(Stopped, EOFError, BrokenPipeError), listening():
        while True:
            connection.send(_answer(connection.recv()))


def _answer(task: Task[Any]) -> tuple[bool, Any]:
    try:
        return True, task.do()
    except Exception as error:  # noqa: BLE001 - it is raised again where it was asked for
        return False, error if _travels(error) else EvergreenError(f"{type(error).__name__}: {error}")


def _travels(error: Exception) -> bool:
    """Whether an exception arrives as it is: some hold what cannot be sent, or cannot be made anew of what is sent."""
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)  # noqa: S301 - our own, of a moment ago
    except Exception:  # noqa: BLE001 - whatever it is
        return False


def _end_with(parent: int) -> None:
    """Have this process stop as if it had been told to once its parent is no more, however that ended."""
    while os.getppid() == parent:
        time.sleep(_ALIVE_EVERY_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def _print_to(log: Path) -> None:
    """Have whatever this process and its libraries print go to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
