"""Asks the challenger what the champion was asked, and the champion what a canary was asked: when nothing waits."""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from runs.serving.answers import Answered, Asked, NotAnswered, Release
from runs.serving.service import Service
from runs.serving.trying.compared import Compared

# What may wait until nothing else does: so many images, so many bytes.
_MOST_IMAGES, _MOST_BYTES = 64, 64 * 2**20
_PAUSE = 0.005
_MOST_CHAMPIONS = 8


@dataclass(frozen=True)
class _Waiting:
    compared: Compared
    answered: Answered
    canary: bool
    data: bytes
    time: str


class Shadow:
    """A listener of a service, for challengers that are open there.

    One image at a time is asked, and only while the service is quiet: no request waits, and three of four workers, all
    of fewer than four, have nothing to do. So a request that comes meanwhile finds one more worker busy, for the time
    of one image. What finds no room to wait until then is not asked, and counted.
    """

    def __init__(self, service: Service, challengers: Mapping[str, Release]) -> None:
        """Begin with nothing.

        Args:
            service: answers.
            challengers: recipe -> the release that is compared with its champion.
        """
        self._service, self._challengers = service, dict(challengers)
        self._waiting: deque[_Waiting] = deque()
        self._held = 0
        self._asks = self._closed = False
        self._compared: dict[str, dict[str, Compared]] = {recipe: {} for recipe in challengers}

    def of(self, recipe: str) -> list[Compared]:
        """Return what was compared, one entry a champion, the newest first."""
        return list(reversed(self._compared[recipe].values()))

    def all(self) -> Iterator[Compared]:
        """Yield what was compared, of every recipe."""
        for recipe in self._compared:
            yield from self.of(recipe)

    async def heard(self, asked: Asked) -> None:
        """Have what was answered wait, and ask until nothing does."""
        self._take(asked)
        if self._asks:
            return
        self._asks = True
        try:
            while self._waiting:
                await asyncio.sleep(_PAUSE)  # the answer is sent meanwhile, and whoever comes now is first
                if self._waiting and self._service.quiet:
                    await self._ask(self._pop())
        finally:
            self._asks = False

    def close(self) -> None:
        """Ask nothing any more: what still waits is counted as not asked."""
        self._closed = True
        while self._waiting:
            self._pop().compared.not_asked += 1

    def _take(self, asked: Asked) -> None:
        compared = self._pair(asked)
        if compared is None:
            return
        for answered, data in zip(asked.answers.images, asked.images, strict=True):
            if answered.error:
                continue  # it is no image, for whoever is asked
            if self._closed or len(self._waiting) >= _MOST_IMAGES or self._held + len(data) > _MOST_BYTES:
                compared.not_asked += 1
                continue
            self._held += len(data)
            self._waiting.append(_Waiting(compared, answered, asked.answers.canary, data, asked.time))

    def _pop(self) -> _Waiting:
        one = self._waiting.popleft()
        self._held -= len(one.data)
        return one

    def _pair(self, asked: Asked) -> Compared | None:
        """Return who is compared over a request; None if nobody is: the challenger has become the champion, say."""
        release, recipe = asked.answers.release, asked.answers.release.recipe
        challenger = self._challengers.get(recipe)
        if challenger is None:
            return None
        champion = release
        if asked.answers.canary:
            try:
                champion = self._service.release_of(recipe)
            except NotAnswered:
                return None
        if champion.release == challenger.release:
            return None
        pairs = self._compared[recipe]
        if champion.release not in pairs:
            if len(pairs) >= _MOST_CHAMPIONS:
                del pairs[next(iter(pairs))]
            pairs[champion.release] = Compared(champion, challenger)
        return pairs[champion.release]

    async def _ask(self, one: _Waiting) -> None:
        compared = one.compared
        other = compared.champion if one.canary else compared.challenger
        try:
            answers = await self._service.answer(other.recipe, [one.data], other.release, heard=False)
        except NotAnswered:  # its worker ended, it took too long, or the champion was let go meanwhile
            compared.failed += 1
            return
        (second,) = answers.images
        compared.add(one.time, *((second, one.answered) if one.canary else (one.answered, second)))
