"""A worker's place in the pool: its process may be lost and replaced, the place and its models stay."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evergreen.errors import BadInput, EvergreenError
from runs.serving.answers import Answered, NotAnswered, WorkerLost
from runs.serving.workers.process import Lost, WorkerProcess

# A process that ends as often as it starts is started ever more seldom: seconds.
_FIRST_PAUSE, _LONGEST_PAUSE, _LIVED = 0.05, 10.0, 5.0
_OPEN_SECONDS = 60.0
_LOOKS, _BETWEEN_LOOKS = 200, 0.05


@dataclass(frozen=True)
class Model:
    """What workers open.

    Attributes:
        name: under which it is asked: the digest of its release.
        folder: holds ``model.tflite``.
        image: height, width, resize, interpolation.
        limits: most megapixels, longest time of a decoder in seconds, values that are black and white or None.
    """

    name: str
    folder: Path
    image: Mapping[str, Any]
    limits: tuple[float, float, tuple[float, float] | None]

    def asked(self) -> dict[str, Any]:
        """Return what opens it in a worker."""
        about = {"folder": str(self.folder), "image": dict(self.image), "limits": list(self.limits)}
        return {"do": "open", "model": self.name, **about}


class Place:
    """One process at a time, and the models that it has open. Who uses it holds ``lock``.

    Attributes:
        since: when it took what it answers now, by the monotonic clock; None where it has nothing to do.
        retired: whether it ends once it has answered what it has.
    """

    def __init__(self, number: int, seconds: float, say: Callable[[str], None]) -> None:
        """Start nothing yet.

        Args:
            number: for what is said of it.
            seconds: the longest time for one image, after which the process is ended.
            say: told, in words, what becomes of its process.
        """
        self.lock = asyncio.Lock()
        self.since: float | None = None
        self.retired = False
        self._number, self._seconds, self._say = number, seconds, say
        self._process: WorkerProcess | None = None
        self._opened: set[str] = set()
        self._since, self._pause = 0.0, _FIRST_PAUSE

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and not self._process.ended

    @property
    def busy(self) -> bool:
        """Whether it answers."""
        return self.since is not None

    @property
    def pid(self) -> int | None:
        """Its process, if one runs."""
        return self._process.pid if self._process and self.alive else None

    async def start(self) -> None:
        """Start a process.

        Raises:
            Lost: it does not start.
        """
        self._process, self._opened = await WorkerProcess.started(), set()
        self._since = time.monotonic()

    async def replace(self, models: Callable[[], Iterable[Model]]) -> None:
        """Start another process that opens all models, tried until one does."""
        lived = time.monotonic() - self._since > _LIVED
        self._pause = _FIRST_PAUSE if lived else min(2 * self._pause, _LONGEST_PAUSE)
        while True:
            try:
                async with self.lock:
                    await self.start()
                    for model in list(models()):
                        await self.open(model)
            except EvergreenError as error:
                self._say(f"worker {self._number}: not replaced: {error}; tried again in {self._pause:g} s")
                await self.end(0)
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            else:
                self._say(f"worker {self._number}: process {self.pid} answers now")
                return

    async def ended(self) -> None:
        """Wait until the process that runs now has ended."""
        if self._process:
            await self._process.wait()

    async def end(self, seconds: float = 5.0) -> None:
        """End its process."""
        if self._process:
            await self._process.end(seconds)

    async def open(self, model: Model) -> None:
        """Open a model, if it is not open.

        Raises:
            BadInput: LiteRT refuses it.
            WorkerLost: the process ended over it.
        """
        if model.name in self._opened:
            return
        try:
            said, _ = await self._asked(model.asked(), b"", _OPEN_SECONDS)
        except Lost as lost:
            raise WorkerLost(f"a worker ended over the model {model.name[:12]}: {lost}") from lost
        if reason := said.get("refused"):
            raise BadInput(reason)
        self._opened.add(model.name)

    async def close(self, name: str) -> None:
        """Let a model go, if it is open."""
        if name in self._opened:
            self._opened.discard(name)
            with contextlib.suppress(Lost):  # with the process the model is gone, too
                await self._asked({"do": "close", "model": name}, b"", _OPEN_SECONDS)

    async def answer(self, model: str, data: bytes, sha256: str) -> Answered:
        """Return what a model answers for an image.

        Args:
            model: its name.
            data: the image's bytes.
            sha256: of those.

        Raises:
            Lost: the process ended.
            NotAnswered: no image can be decoded here.
        """
        said, body = await self._asked({"do": "answer", "model": model}, data, self._seconds)
        if failed := said.get("failed"):
            raise NotAnswered(failed)
        if error := said.get("error"):
            return Answered(sha256, error=error)
        return Answered(sha256, tuple(np.frombuffer(body, np.float32).tolist()), seconds=said["seconds"])

    async def _asked(self, head: dict[str, Any], body: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        if self._process is None:
            raise Lost("there is no process")
        return await self._process.ask(head, body, seconds)


async def first_free(places: Sequence[Place]) -> Place:
    """Return the place that is free first and whose process runs, with its lock held.

    One that a slow image holds is not waited for.

    Raises:
        WorkerLost: no process runs, nor is one started anew in time.
    """
    for _ in range(_LOOKS):
        if alive := [place for place in places if place.alive]:
            place = await _first(alive)
            if place.alive:
                return place
            place.lock.release()
        await asyncio.sleep(_BETWEEN_LOOKS)
    raise WorkerLost("no worker runs")


async def _first(places: Sequence[Place]) -> Place:
    """Return the place whose lock is had first."""
    asked: dict[asyncio.Future[Any], Place] = {asyncio.ensure_future(place.lock.acquire()): place for place in places}
    first: asyncio.Future[Any] | None = None

    def let_go(task: "asyncio.Future[Any]") -> None:
        if not task.cancelled():
            asked[task].lock.release()

    try:
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        first = next(task for task in asked if task.done())
    finally:  # waits for nothing: whoever asked may have given up
        for task in asked:
            if task is not first:
                task.cancel()
                task.add_done_callback(let_go)
    return asked[first]
