"""Decoding for a process that must outlive every picture: plain formats in it, all others in workers."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from evergreen.errors import BadImage, UnknownFormat
from evergreen.images.budget import budget, free_memory
from evergreen.images.door import MAX_MEGAPIXELS, open_image
from evergreen.images.formats import PLAIN
from evergreen.images.worker import Worker

_DECODE = "evergreen.images.decode_worker"


class Decoders:
    """Decodes images for several threads; its workers start when the first picture wants one."""

    def __init__(self, most: int, max_megapixels: float = MAX_MEGAPIXELS, seconds_each: float = 30) -> None:
        """Start nothing yet.

        Args:
            most: workers at once; fewer where the memory does not carry them.
            max_megapixels: size by the header above which nothing is decoded.
            seconds_each: longest time for one picture in a worker.
        """
        granted = budget(max_megapixels, most, free_memory())
        self._limit = max_megapixels
        self._room = threading.BoundedSemaphore(granted.workers)  # plain formats take memory, too
        self._workers = [Worker(_DECODE, seconds_each, granted) for _ in range(granted.workers)]
        self._idle: queue.LifoQueue[Worker] = queue.LifoQueue()  # a running one is taken before one is started
        for worker in self._workers:
            self._idle.put(worker)

    def decode(self, data: bytes) -> np.ndarray:
        """Return the upright picture, (H, W, 3) uint8 RGB, as ``open_image`` does.

        Raises:
            BadImage: it is no image that can be used, or its decoder crashed, hung, or wanted too much memory.
            DecodersUnavailable: no worker starts.
        """
        try:
            with self._room:
                return open_image(data, self._limit, PLAIN).pixels
        except UnknownFormat:
            pass  # one that a worker knows, or none of ours: it tells which
        worker = self._idle.get()
        try:
            return self._apart(worker, data)
        finally:
            self._idle.put(worker)

    def _apart(self, worker: Worker, data: bytes) -> np.ndarray:
        with TemporaryDirectory(prefix="evergreen-") as name:
            path, pixels = Path(name, "image"), Path(name, "pixels.npy")
            path.write_bytes(data)
            answer = worker.ask({"path": str(path), "pixels": str(pixels), "max_megapixels": self._limit})
            if reason := answer.get("refused") or answer.get("lost"):
                raise BadImage(reason)
            picture: np.ndarray = np.load(pixels, allow_pickle=False)
        return picture

    def __enter__(self) -> Decoders:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()
