"""How many threads work on images: they change no bit of what is made."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import cv2

from evergreen.vision.processors import processors

VARIABLE = "EVERGREEN_THREADS"


def count() -> int:
    """Return how many threads work on images: ``EVERGREEN_THREADS``, else as many as this process may use processors.

    Raises:
        ValueError: the variable holds no whole number of 1 or more.
    """
    text = os.environ.get(VARIABLE, "")
    if not text:
        return processors()
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise ValueError(f"{VARIABLE}: expected a whole number of 1 or more, received {text!r}")
    return int(text)


class Threads:
    """A pool that shares out numbered pieces of work; OpenCV lets go of Python's lock, so they run side by side."""

    def __init__(self, number: int | None = None) -> None:
        """Take the number of threads; as many as ``count`` says if it is not given."""
        cv2.setNumThreads(1)  # its own threads would only get in the way of these
        self.number = number or count()
        self._pool = ThreadPoolExecutor(self.number) if self.number > 1 else None

    def each(self, work: Callable[[int], None], many: int) -> None:
        """Call ``work`` with 0 to ``many`` - 1; what it raises is raised here."""
        if self._pool is None or many < 2 * self.number:
            _run(work, range(many))
            return
        pieces = [range(start, many, self.number) for start in range(self.number)]
        for _ in self._pool.map(lambda piece: _run(work, piece), pieces):
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown()


def _run(work: Callable[[int], None], piece: range) -> None:
    for index in piece:
        work(index)
