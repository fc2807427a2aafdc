"""Measuring many images side by side, each in a process that its decoder may take down."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from evergreen.images.door import Range
from evergreen.images.processes.budget import budget, free_memory, sizes
from evergreen.images.processes.worker import Worker

_BATCH = 16  # images in one request, so that messages cost little
MEASURE = "evergreen.datasets.measure_worker"


@dataclass(frozen=True)
class Request:
    """One file to measure: its SHA-256, and where it lies."""

    sha256: str
    path: Path


def measure_all(
    requests: Iterable[Request], most: int, max_megapixels: float, seconds_each: float, values: Range | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (SHA-256, answer) for every request, as ``measure_worker`` answers, in no order.

    Workers have memory for ordinary photos first. What is larger by its header is asked again of workers that have
    more, and are fewer for it, up to what the largest picture that is let in may need.

    A file whose decoder ends the process, takes over ``seconds_each``, or more memory than any picture of its size
    needs, is answered ``{"lost": reason, "machine": ...}`` as ``Worker.answers`` says; its worker is replaced and goes
    on with the next.

    Args:
        requests: what to measure; taken as it is needed.
        most: workers at once; fewer where the memory does not carry them.
        max_megapixels: of the largest picture that is let in.
        seconds_each: longest time for one image.
        values: of pictures with more than 8 bits a channel, which become 0 and 255, as for ``open_image``.

    Raises:
        DecodersUnavailable: no worker starts.
    """
    rooms = sizes(max_megapixels)
    later: dict[float, list[Request]] = {room: [] for room in rooms}
    for room in rooms:
        some = requests if room == rooms[0] else later[room]
        for request, answer in _measured(Waiting(some, max_megapixels, values, room), most, seconds_each):
            if megapixels := answer.get("larger"):
                later[next(enough for enough in rooms if enough >= megapixels)].append(request)
            else:
                yield request.sha256, answer


def _measured(waiting: Waiting, most: int, seconds_each: float) -> Iterator[tuple[Request, dict[str, Any]]]:
    """Yield every request that waits with the answer of workers that have memory for pictures of that room."""
    answers: queue.Queue[tuple[Request, dict[str, Any]] | BaseException | None] = queue.Queue(maxsize=256)
    stop = threading.Event()
    granted = budget(waiting.room, most, free_memory())
    workers = granted.workers if waiting.any() else 0

    def work() -> None:
        try:
            with Worker(MEASURE, seconds_each, granted) as worker:
                for request, answer in worker.answers(waiting.batch):
                    answers.put((Request(request["sha256"], Path(request["path"])), answer))
                    if stop.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - raised again where the answers are read
            answers.put(error)
        finally:
            answers.put(None)

    threads = [threading.Thread(target=work, name="measure", daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield from _gathered(answers, workers)
    finally:
        stop.set()
        while any(thread.is_alive() for thread in threads):  # they may wait for room
            try:
                answers.get(timeout=0.05)
            except queue.Empty:
                continue


def _gathered(answers: queue.Queue[Any], workers: int) -> Iterator[tuple[Request, dict[str, Any]]]:
    ended = 0
    while ended < workers:
        answer = answers.get()
        if answer is None:
            ended += 1
        elif isinstance(answer, BaseException):
            raise answer
        else:
            yield answer


class Waiting:
    """Requests in batches, as a worker reads them, for several threads."""

    def __init__(self, requests: Iterable[Request], max_megapixels: float, values: Range | None, room: float) -> None:
        self.room = room
        self._about = {"max_megapixels": max_megapixels, "values": values, "room": room}
        self._requests, self._lock = iter(requests), threading.Lock()

    def any(self) -> bool:
        """Return whether any wait."""
        with self._lock:
            first = list(islice(self._requests, 1))
            self._requests = chain(first, self._requests)
        return bool(first)

    def batch(self) -> list[dict[str, Any]]:
        """Return the next requests; an empty list at the end."""
        with self._lock:
            some = list(islice(self._requests, _BATCH))
        return [{"sha256": one.sha256, "path": str(one.path), **self._about} for one in some]
