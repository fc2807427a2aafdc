"""The champions of some recipes, ready to answer; who is champion is looked at several times a second."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from evergreen.errors import BadInput
from evergreen.sections.refusing.told import TRY
from runs.serving.answers import Answers, Asked, NotServed, Release
from runs.serving.copies import folder_of_copies
from runs.serving.line import Line
from runs.serving.loading import Loaded, load_release
from runs.serving.settings import Settings
from runs.serving.workers.pool import Pool
from runs.shared.opening import held, opened
from runs.shared.sharing import agree
from storage.champions import Champions
from storage.errors import StoreError

_LOOK_SECONDS = 0.2
_REMOTE_SECONDS = 10.0
# A release that could not be read is tried again: what it lacks may have come.
_AGAIN_SECONDS = 30.0

Listener = Callable[[Asked], Awaitable[None]]
# Which release is to answer a request, by the recipe and the images; None: the champion.
Choose = Callable[[str, Sequence[bytes]], str | None]


class Service:
    """Answers for recipes until it is stopped.

    Attributes:
        listeners: told of every request that was answered, after it was.
        choose: which release answers a request.
    """

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        """Touch nothing yet.

        Args:
            settings: what is served, within which limits.
            say: told, in words, what becomes of releases and workers.
        """
        self.settings, self._say = settings, say
        self.pool = Pool(settings.processes, settings.most_waiting, settings.seconds, say)
        self.listeners: list[Listener] = []
        self.choose: Choose = lambda _recipe, _images: None
        self._champions = Champions(settings.store)
        self._lines: dict[str, Line] = {}
        self._seen: dict[str, tuple[int, int, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stack = contextlib.ExitStack()
        self._folder = Path()
        self._tried = 0.0

    @property
    def recipes(self) -> Sequence[str]:
        """The recipes that are served, by name."""
        return sorted(self._lines)

    @property
    def idle(self) -> bool:
        """Whether no image waits, and a worker has nothing to do."""
        return self.pool.idle

    @property
    def quiet(self) -> bool:
        """Whether no image waits, and three of four workers, all of fewer than four, have nothing to do."""
        return self.pool.quiet

    @property
    def ready(self) -> bool:
        """Whether every recipe that is served has a release that answers, and a worker runs."""
        return bool(self._lines and self.pool.pids) and all(line.answers for line in self._lines.values())

    def line(self, recipe: str) -> Line:
        """Return what is known of a recipe that is served; raises NotServed."""
        if recipe not in self._lines:
            raise NotServed(f"no such recipe is served here; these are: {', '.join(self.recipes) or 'none'}")
        return self._lines[recipe]

    def release_of(self, recipe: str) -> Release:
        """Return the champion that answers for a recipe now.

        Raises:
            NotServed: the recipe is not served.
            NotAnswered: it has nothing that could answer.
        """
        return self.line(recipe).current

    async def answer(
        self, recipe: str, images: Sequence[bytes], release: str | None = None, heard: bool | None = None
    ) -> Answers:
        """Answer for images, all by one release; a bad one stops no other.

        Args:
            recipe: its name.
            images: the bytes of files.
            release: asks one that is open; None asks the champion, or whom ``choose`` says.
            heard: whether the listeners are told; None tells them unless a release was named.

        Raises:
            NotServed, NotAnswered, Busy, TooSlow, WorkerLost.
        """
        began = time.perf_counter()
        line = self.line(recipe)
        chosen = release or self.choose(recipe, images)
        asked = line.named(chosen) if chosen else line.current
        found = await self.pool.answer(asked.release, images, self.settings.seconds)
        answers = Answers(asked, found, time.perf_counter() - began, canary=release is None and chosen is not None)
        if heard or (heard is None and release is None):
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            for listener in self.listeners:
                self._begin(listener(Asked(answers, images, now)))
        return answers

    async def start(self) -> None:
        """Start the workers, open the champions, and go on looking who is champion.

        Raises:
            BadInput: none of the recipes has a release that could answer.
            Lost: a worker does not start.
        """
        self._folder = self._stack.enter_context(folder_of_copies())
        await self.pool.start()
        for recipe in self.settings.recipes:
            self._add(recipe)
        await self._look()
        if not any(line.answers for line in self._lines.values()):
            raise BadInput(self._nothing())
        self._begin(self._keep_looking())
        if opened(self.settings.store).behind:
            self._begin(self._keep_agreeing())

    async def stop(self) -> None:
        """End the workers, and forget what was copied."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.pool.stop()
        self._stack.close()

    def _add(self, recipe: str) -> Line:
        return self._lines.setdefault(recipe, Line(recipe, self.pool, self._folder, self._load, self._say))

    def _load(self, release: str, folder: Path) -> Loaded:
        with held(self.settings.store) as store:  # while it is copied, nothing of it is collected
            return load_release(store, release, folder, self.settings.format, self.settings.most_megapixels)

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._say(f"what follows an answer failed: {type(error).__name__}: {error}")

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._look()
            except (StoreError, OSError) as error:
                self._say(f"who is champion cannot be read: {error}; those that answer stay")
                await asyncio.sleep(_REMOTE_SECONDS)

    async def _look(self) -> None:
        """Take the champions that changed since the last look."""
        if not self.settings.recipes:
            for recipe in await asyncio.to_thread(self._champions.recipes):
                self._add(recipe)
        again = time.monotonic() - self._tried > _AGAIN_SECONDS
        stamps = await asyncio.to_thread(self._stamps)
        for recipe, stamp in stamps.items():
            line = self._lines[recipe]
            if stamp == self._seen.get(recipe) and not (again and line.refused):
                continue
            state = await asyncio.to_thread(self._champions.state, recipe)
            self._seen[recipe] = stamp
            line.pinned = state.pinned
            if state.champion:
                await line.take(state.champion.release, state.champion.since)
        if again:
            self._tried = time.monotonic()

    def _stamps(self) -> dict[str, tuple[int, int, int]]:
        """Return what changes with each recipe's pointer to its champion."""
        return {recipe: self._champions.stamp(recipe) for recipe in list(self._lines)}

    async def _keep_agreeing(self) -> None:
        """Ask the remote who is champion, now and then: another machine may have promoted."""
        told: dict[str, list[str]] = {}
        while True:
            for recipe in self.recipes:
                said = await asyncio.to_thread(agree, opened(self.settings.store), recipe)
                if said != told.get(recipe, []):
                    told[recipe] = said
                    self._say(f"{recipe}: {'; '.join(said) or 'the remote answers again'}")
            await asyncio.sleep(_REMOTE_SECONDS)

    def _nothing(self) -> str:
        refused = [reason for line in self._lines.values() for reason in line.refused.values()]
        if refused:
            return "; ".join(refused)
        wanted = ", ".join(self.settings.recipes)
        there = ", ".join(self._champions.recipes()) or "none"
        return (
            f"expected a champion{f' of {wanted}' if wanted else ''} in {self.settings.store}; champions are of: "
            f"{there}\n{TRY}evergreen promote RUN"
        )
