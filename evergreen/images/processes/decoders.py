"""Decoding for a process that must outlive every picture: plain formats in it, all others in workers."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from evergreen.errors import BadImage, LargerThanRoom, UnknownFormat
from evergreen.images.door import MAX_MEGAPIXELS, Range, open_image
from evergreen.images.formats import PLAIN
from evergreen.images.processes.budget import ORDINARY, budget, free_memory
from evergreen.images.processes.worker import Worker

_DECODE = "evergreen.images.processes.decode_worker"
# A progressive JPEG has about ten scans, each of which costs the time of the whole picture and may be a few bytes long.
_SCAN, _MOST_SCANS = b"\xff\xda", 32
_IN_LETTERS = (b"P1", b"P2", b"P3")


class Decoders:
    """Decodes images for several threads; its workers start when the first picture wants one."""

    def __init__(
        self,
        most: int,
        max_megapixels: float = MAX_MEGAPIXELS,
        seconds_each: float = 30,
        values: Range | None = None,
    ) -> None:
        """Start nothing yet.

        Args:
            most: workers at once; fewer where the memory does not carry them.
            max_megapixels: size by the header above which nothing is decoded.
            seconds_each: longest time for one picture in a worker. One that is opened in this process takes no more
                time than its bytes and its pixels cost once; all others go to a worker.
            values: of pictures with more than 8 bits a channel, which become 0 and 255, as for ``open_image``.
        """
        free = free_memory()
        self._limit, self._values = max_megapixels, values
        self._ordinary = min(ORDINARY, max_megapixels)
        granted = budget(self._ordinary, most, free)
        self._room = threading.BoundedSemaphore(granted.workers)  # plain formats take memory, too
        self._workers = [Worker(_DECODE, seconds_each, granted) for _ in range(granted.workers)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()  # a running one is taken before one is started
        for worker in self._workers:
            self._idle.put(worker)
        self._large = Worker(_DECODE, seconds_each, budget(max_megapixels, 1, free))
        self._one_large = threading.Lock()

    def decode(self, data: bytes) -> np.ndarray:
        """Return the upright picture, (H, W, 3) uint8 RGB, as ``open_image`` does.

        Raises:
            BadImage: it is no image that can be used, or its decoder crashed, hung, or wanted too much memory.
            DecodersUnavailable: no worker starts.
        """
        try:
            return self._together(data)
        except LargerThanRoom:
            with self._one_large:
                return self._apart(self._large, data, self._limit)

    def _together(self, data: bytes) -> np.ndarray:
        """Decode an ordinary picture, of which several are decoded at once.

        Raises:
            LargerThanRoom: it is larger.
        """
        try:
            if not _takes_its_time(data):
                with self._room:
                    return open_image(data, self._limit, PLAIN, self._values, self._ordinary).pixels
        except UnknownFormat:
            pass  # one that a worker knows, or none of ours: it tells which
        worker = self._idle.get()
        try:
            return self._apart(worker, data, self._ordinary)
        finally:
            self._idle.put(worker)

    def _apart(self, worker: Worker, data: bytes, room: float) -> np.ndarray:
        with TemporaryDirectory(prefix="evergreen-") as name:
            path, pixels = Path(name, "image"), Path(name, "pixels.npy")
            path.write_bytes(data)
            about = {"max_megapixels": self._limit, "values": self._values, "room": room}
            answer = worker.ask({"path": str(path), "pixels": str(pixels), **about})
            if reason := answer.get("refused") or answer.get("lost"):
                raise BadImage(reason)
            if larger := answer.get("larger"):
                raise LargerThanRoom(larger)
            picture: np.ndarray = np.load(pixels, allow_pickle=False)
        return picture

    def __enter__(self) -> Decoders:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in (*self._workers, self._large):
            worker.close()


def _takes_its_time(data: bytes) -> bool:
    """Return whether a file of a plain format may take longer than its bytes and its pixels tell."""
    return data[:2] in _IN_LETTERS or (data[:2] == b"\xff\xd8" and data.count(_SCAN) > _MOST_SCANS)
