"""How many threads work on images: they change no bit of what is made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import cv2

from evergreen.images.processors import image_threads


class Threads:
    """A pool that shares out numbered pieces of work; OpenCV lets go of Python's lock, so they run side by side."""

    def __init__(self, number: int | None = None) -> None:
        """Take the number of threads; as many as ``image_threads`` says if it is not given."""
        cv2.setNumThreads(1)  # its own threads would only get in the way of these
        self.number = number or image_threads()
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
