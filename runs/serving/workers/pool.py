"""The workers of a service: images wait in one line, a process takes the next, one that is lost is replaced."""

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from evergreen.errors import BadInput
from runs.serving.answers import Answered, Busy, NotAnswered, TooSlow, WorkerLost
from runs.serving.workers.job import Job
from runs.serving.workers.place import Model, Place, first_free
from runs.serving.workers.process import Lost
from runs.serving.workers.spares import Spares
from storage.digests import sha256_bytes

_MOST_REMEMBERED = 1000  # images that took a process down, and are not tried again

# What is wrong with answers to golden images, in words; empty if nothing is.
Judge = Callable[[Sequence[Answered]], str]


class Pool:
    """So many processes, and the images that wait for them."""

    def __init__(self, workers: int, most_waiting: int, seconds: float, say: Callable[[str], None]) -> None:
        """Start nothing yet.

        Args:
            workers: how many processes.
            most_waiting: how many images may wait; beyond them a request is refused.
            seconds: the longest time for one image in a process, which is ended then.
            say: told, in words, what becomes of processes.
        """
        self._places = [Place(number, seconds, say) for number in range(workers)]
        self._most, self._seconds, self._say = most_waiting, seconds, say
        self._models: dict[str, Model] = {}
        self._waiting: deque[Job] = deque()
        self._wake = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._watching: set[asyncio.Task[None]] = set()
        self._pending: Counter[str] = Counter()
        self._took_down: dict[str, str] = {}
        self._mean = 0.02  # seconds that an image took lately
        self.lost = 0

    @property
    def waiting(self) -> int:
        """How many images wait."""
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """Whether no image waits, and a process has nothing to do."""
        return not self._waiting and any(place.alive and not place.busy for place in self._places)

    @property
    def quiet(self) -> bool:
        """Whether no image waits, and three of four processes, all of fewer than four, have nothing to do."""
        return self.idle and sum(place.busy for place in self._places) <= len(self._places) // 4

    @property
    def pids(self) -> list[int]:
        """The processes that run."""
        return [place.pid for place in self._places if place.pid]

    def admit(self, count: int) -> None:
        """Refuse images for which there is no room in the line; any number of them may wait where nobody else does.

        Raises:
            Busy: there is none.
        """
        if self._waiting and len(self._waiting) + count > self._most:
            seconds = math.ceil(len(self._waiting) * self._mean / len(self._places))
            raise Busy(f"{len(self._waiting)} images wait already, {self._most} may", retry_after=max(1, seconds))

    async def answer(self, model: str, images: Sequence[bytes], seconds: float) -> tuple[Answered, ...]:
        """Return the answers of one model for some images, in their order.

        Raises:
            Busy: there is no room in the line.
            TooSlow: not all were answered in time; those that still wait are taken out of the line.
            WorkerLost: a process ended while it answered one of them.
        """
        self.admit(len(images))
        loop = asyncio.get_running_loop()
        jobs = [Job(model, data, sha256_bytes(data), loop.create_future()) for data in images]
        self._pending[model] += 1
        try:
            async with self._wake:
                self._waiting.extend(jobs)
                self._wake.notify(len(jobs))
            async with asyncio.timeout(seconds):
                return tuple(await asyncio.gather(*(job.answered for job in jobs)))
        except TimeoutError:
            raise TooSlow(f"not answered within {seconds:g} s") from None
        finally:
            for job in jobs:
                job.answered.cancel()
            if any(job.answered.cancelled() for job in jobs):
                self._waiting = deque(job for job in self._waiting if not job.answered.done())
            self._pending[model] -= 1

    async def start(self) -> None:
        """Start the processes.

        Raises:
            Lost: one does not start.
        """
        await asyncio.gather(*(place.start() for place in self._places))
        self._tasks = [asyncio.create_task(self._serve(place)) for place in self._places]
        spares = Spares(self._places, len(self._places), lambda: self.waiting, self._add, self._retire)
        self._begin(spares.watch())

    async def open(
        self,
        model: Model,
        golden: Sequence[bytes] = (),
        judge: Judge = lambda _: "",
        proving: Model | None = None,
    ) -> None:
        """Open a model in the process that is free first, then in the others as they become so; none stops answering.

        Args:
            model: is asked by nobody before this has returned.
            golden: images that the first process is shown once it has opened the model.
            judge: is given the answers to them.
            proving: the model as those images are shown to it, where the limits of ``model`` are narrower than theirs.

        Raises:
            BadInput: LiteRT refuses it, or its answers are not those that are expected.
            WorkerLost: a process ended over it, or none runs.
        """
        for again in (True, False):
            place = await first_free(self._places)
            try:
                await self._prove(place, proving or model, golden, judge)
                if proving:
                    await place.close(proving.name)
                await place.open(model)
                break
            except WorkerLost:  # once that may be somebody who killed it, and not the model
                if not again:
                    raise
            finally:
                place.lock.release()
        self._models[model.name] = model
        for other in self._places:
            if other is not place:
                self._begin(self._open_there(other, model))

    async def _open_there(self, place: Place, model: Model) -> None:
        """Open a model before an image asks for it."""
        async with place.lock:
            if place.alive and self._models.get(model.name) == model:
                try:
                    await place.open(model)
                except (BadInput, WorkerLost) as error:
                    self._say(f"a worker did not open {model.name[:12]}: {error}; it is tried again when it is asked")

    async def close(self, name: str) -> None:
        """Let a model go once every request that asked it is answered."""
        while self._pending[name] > 0:
            await asyncio.sleep(0.05)
        self._models.pop(name, None)
        self._pending.pop(name, None)
        for place in list(self._places):
            async with place.lock:
                await place.close(name)

    async def stop(self) -> None:
        """Take nothing more, let processes answer what they have, and end them."""
        for job in self._waiting:
            job.refuse(WorkerLost("the service ends"))
        self._waiting.clear()
        for place in list(self._places):
            async with place.lock:
                pass
        for task in (*self._tasks, *self._watching):
            task.cancel()
        await asyncio.gather(*self._tasks, *self._watching, return_exceptions=True)
        await asyncio.gather(*(place.end() for place in self._places))

    async def _prove(self, place: Place, model: Model, golden: Sequence[bytes], judge: Judge) -> None:
        await place.open(model)
        try:
            wrong = judge([await place.answer(model.name, data, sha256_bytes(data)) for data in golden])
        except Lost as lost:
            raise WorkerLost(f"a worker ended over a golden image: {lost}") from lost
        if wrong:
            await place.close(model.name)
            raise BadInput(wrong)

    async def _serve(self, place: Place) -> None:
        """Give a process one image after the other, for as long as the service lasts."""
        self._notice(place)
        while not place.retired:
            if not place.alive:
                self.lost += 1
                await place.replace(self._models.values)
                self._notice(place)
            job = await self._next(place)
            if job is None:
                continue
            async with place.lock:
                if job.answered.done():
                    continue
                if not place.alive:  # it ended over something else: another process takes the image
                    await self._back(job)
                    continue
                place.since = time.monotonic()
                try:
                    await self._answer(place, job)
                finally:
                    place.since = None
        self._places.remove(place)
        await place.end()

    def _add(self) -> None:
        """Have one more process answer."""
        self._places.append(place := Place(len(self._places), self._seconds, self._say))

        async def help_out() -> None:
            await place.replace(self._models.values)
            await self._serve(place)

        self._say("an image takes long: one more worker answers meanwhile")
        self._begin(help_out())

    def _retire(self, place: Place) -> None:
        place.retired = True
        self._begin(self._wake_all())

    async def _wake_all(self) -> None:
        async with self._wake:
            self._wake.notify_all()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    def _notice(self, place: Place) -> None:
        """Wake whoever waits once the process of a place has ended: one that idles is replaced at once."""

        async def ended() -> None:
            await place.ended()
            await self._wake_all()

        self._begin(ended())

    async def _next(self, place: Place) -> Job | None:
        """Return the image that comes next; None where the process ended while it had nothing to do."""
        async with self._wake:
            await self._wake.wait_for(lambda: self._waiting or place.retired or not place.alive)
            return self._waiting.popleft() if place.alive and not place.retired else None

    async def _back(self, job: Job) -> None:
        async with self._wake:
            self._waiting.appendleft(job)
            self._wake.notify()

    async def _answer(self, place: Place, job: Job) -> None:
        try:
            if reason := self._took_down.get(job.sha256):
                found = Answered(job.sha256, error=reason)
            else:
                if model := self._models.get(job.model):
                    await place.open(model)  # if it is not
                found = await place.answer(job.model, job.data, job.sha256)
                self._mean += 0.05 * (found.seconds - self._mean)
        except NotAnswered as error:
            job.refuse(error)
        except BadInput as error:  # of a model that this process opens only now
            job.refuse(NotAnswered(str(error)))
        except Lost as lost:
            self._say(f"an image was not answered: {lost}")
            if lost.own_fault:
                self._remember(job.sha256, f"cannot be used: {lost}")
            job.refuse(TooSlow(f"the image took over {self._seconds:g} s") if lost.slow else WorkerLost(str(lost)))
        else:
            job.answer(found)

    def _remember(self, sha256: str, reason: str) -> None:
        if len(self._took_down) >= _MOST_REMEMBERED:
            self._took_down.pop(next(iter(self._took_down)))
        self._took_down[sha256] = reason
