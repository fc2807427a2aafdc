"""Of one recipe: which release answers, which were refused and why, and what takes the place of what."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evergreen.errors import EvergreenError
from runs.serving.answers import NotAnswered, NotServed, Release
from runs.serving.loading import Loaded
from runs.serving.workers.pool import Pool
from storage.errors import StoreError

# Beside the release that answers, the one before stays open: the way back takes no loading.
_KEPT = 1
_FOLDER_DIGITS = 16

# Reads a release, and copies its model into a folder; not called in the event loop.
Load = Callable[[str, Path], Loaded]


@dataclass
class Line:
    """The releases of a recipe that are open.

    Attributes:
        recipe: its name.
        pinned: whether no run promotes anything.
        refused: the champion, if it is not taken, -> why, in words.
        swaps: how often another release took over.
    """

    recipe: str
    pool: Pool
    folder: Path
    load: Load
    say: Callable[[str], None]
    pinned: bool = False
    refused: dict[str, str] = field(default_factory=dict)
    swaps: int = 0
    _open: dict[str, Release] = field(default_factory=dict)
    _current: str | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _closing: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _kept: set[str] = field(default_factory=set)

    @property
    def answers(self) -> bool:
        """Whether a release answers."""
        return self._current is not None

    @property
    def current(self) -> Release:
        """The release that answers.

        Raises:
            NotAnswered: there is none that could.
        """
        if self._current is None:
            why = "; ".join(self.refused.values()) or f"{self.recipe} has no champion: evergreen promote REF"
            raise NotAnswered(why)
        return self._open[self._current]

    def named(self, release: str) -> Release:
        """Return a release that is open; raises NotServed if it is not."""
        if release not in self._open:
            raise NotServed(f"{release[:12]} of {self.recipe} is not open here")
        return self._open[release]

    def as_json(self) -> dict[str, Any]:
        """Return which release answers, its classes, and those that were refused."""
        now = self._open.get(self._current or "")
        about = {**now.as_json(), "classes": list(now.classes)} if now else {"recipe": self.recipe, "release": None}
        return {**about, "pinned": self.pinned, "refused": dict(self.refused)}

    async def take(self, release: str, since: str = "") -> None:
        """Have a release answer from now on, once it is open in every worker and gave its golden answers.

        Requests that were begun end on the release that they began with. One that is refused changes nothing but
        ``refused``: the old one stays.

        Args:
            release: its SHA-256.
            since: UTC time at which it became the champion.
        """
        async with self._lock:
            if release == self._current:
                self.refused.clear()
                return
            try:
                opened = self._open.get(release) or await self._opened(release)
            except (EvergreenError, StoreError, OSError) as error:
                again = self.refused.get(release) == str(error)
                self.refused = {release: str(error)}
                if not again:
                    stays = f"{self._current[:12]} stays" if self._current else "nothing answers"
                    self.say(f"REFUSED: {self.recipe}: release {release[:12]}: {error}; {stays}")
                return
            self.refused.clear()
            before, self._current = self._current, release
            self._open.pop(release, None)
            self._open[release] = replace(opened, since=since or opened.since)  # the newest last
            if before:
                self.swaps += 1
                self.say(f"swapped: {self.recipe}: {before[:12]} -> {release[:12]}")
            self._let_go()

    async def hold(self, release: str) -> Release:
        """Open a release that is asked by name, and keep it open whatever the champion is.

        Raises:
            EvergreenError, StoreError: it is refused.
        """
        async with self._lock:
            found = self._open.get(release) or await self._opened(release)
            self._kept.add(release)
            self._open.setdefault(release, found)
            return found

    async def _opened(self, release: str) -> Release:
        if closing := self._closing.get(release):
            await closing
        folder = self._folder_of(release)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        loaded = await asyncio.to_thread(self.load, release, folder)
        await self.pool.open(loaded.model, loaded.images, loaded.judge, loaded.proving)
        self.say(f"open: {self.recipe}: release {release[:12]}: {loaded.words}")
        return replace(loaded.release, proved=True) if loaded.golden else loaded.release

    def _let_go(self) -> None:
        """Close what answers no more, but for the newest of it."""
        old = [name for name in self._open if name != self._current and name not in self._kept]
        for name in old[: max(0, len(old) - _KEPT)]:
            del self._open[name]
            self._closing[name] = asyncio.create_task(self._closed(name))

    async def _closed(self, name: str) -> None:
        await self.pool.close(name)
        await asyncio.to_thread(shutil.rmtree, self._folder_of(name), ignore_errors=True)
        del self._closing[name]

    def _folder_of(self, release: str) -> Path:
        return self.folder / f"{self.recipe}-{release[:_FOLDER_DIGITS]}"
