"""Keeps a share of a service's answers, and always those that are unsure; it never slows or breaks an answer."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Condition, Thread
from typing import Any

from evergreen.errors import BadInput
from runs.serving.answers import Answered, Answers, Asked
from runs.serving.feedback.files import write_private
from runs.serving.feedback.log import Log, alone, now, stamp
from runs.serving.feedback.room import Thrown, make_room
from storage.digests import sha256_bytes

SHARE = 0.1
CAP = 2**30
DAYS = 30.0
TOP = 20  # classes of an answer that are written
_MOST_WAITING = 10_000
_MOST_WAITING_BYTES = 64 * 2**20
_AT_ONCE = 200
_LOOK_EVERY = 3600.0  # seconds after which age is looked at anew
_CLOSING = 10.0
_SETTLING = 2.0
_SAID_EVERY = 60.0
_TAKEN = ".taken"
_LINE = 1024  # bytes of a line, roughly


@dataclass
class Counters:
    """What became of the answers that were heard, since the service started.

    Attributes:
        kept: were written.
        passed_over: were not drawn, and not unsure.
        dropped: were to be kept, but too much waited to be written.
        failed: could not be written.
        pictures: files that were written.
        truths: that somebody gave.
        thrown_away: answers, truths and pictures that went for age or for want of room.
    """

    kept: int = 0
    passed_over: int = 0
    dropped: int = 0
    failed: int = 0
    pictures: int = 0
    truths: int = 0
    thrown_away: int = 0

    def as_json(self) -> dict[str, int]:
        """Return name -> count."""
        return asdict(self)


@dataclass(frozen=True)
class _Waiting:
    """An answer that is to be written."""

    answers: Answers
    answered: Answered
    data: bytes | None
    drawn: bool
    time: str

    @property
    def weight(self) -> int:
        return len(self.data or b"") + 32 * len(self.answered.scores) + _LINE


class Keeper:
    """A listener of a service: what it hears is written by a thread of its own.

    Attributes:
        root: folder of the logs of all recipes.
        cap, days: as they were given.
        counters: what became of what was heard; for metrics.
    """

    def __init__(
        self,
        root: Path,
        say: Callable[[str], None] = lambda _: None,
        *,
        share: float = SHARE,
        pictures: bool = False,
        cap: int = CAP,
        days: float = DAYS,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Make the folder, throw away what is too old or too much, and begin to write what is heard.

        Args:
            root: folder of the logs; several services may keep in one.
            say: told, in words, what was thrown away and what cannot be written; called in another thread.
            share: of the answers that are drawn, 0-1; unsure ones are kept whatever was drawn.
            pictures: whether the images' bytes are kept, too.
            cap: bytes that answers, truths and pictures may take together, of all recipes in the root.
            days: how old they may get.
            clock: returns the time, in UTC.

        Raises:
            BadInput: the folder may not be written, or a value is out of its bounds.
        """
        if not 0 <= share <= 1 or cap < 2**20 or not days > 0:
            raise BadInput(
                f"expected a share of 0 to 1, a cap of 1 MiB at least and an age above 0 days; received {share}, "
                f"{cap / 2**20:.1f} MiB and {days}"
            )
        self.root, self.cap, self.days = root, cap, days
        self.counters = Counters()
        self._share, self._pictures, self._say, self._clock = share, pictures, say, clock
        self._draw = random.Random()  # noqa: S311 - a sample, no secret
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._waiting = [0, 0]  # answers, bytes
        self._turn = Condition()
        self._digests: Counter[str] = Counter()  # of what waits
        self._gone, self._said = Thrown(), clock()  # what went, since that was said last
        self._told_of_none = True
        self._told = ""
        self._looked: datetime | None = None
        self._size: int | None = None  # bytes that are taken; whoever holds the lock may ask
        try:
            with self.turn():
                self.make_room(0)
        except OSError as error:
            raise BadInput(f"cannot keep answers in {root}: {error.strerror or error}; choose another --log") from None
        self._thread = Thread(target=self._write_all, name="evergreen-keeper", daemon=True)
        self._thread.start()

    async def heard(self, asked: Asked) -> None:
        """Hear what was answered, as a listener of a service; returns at once."""
        self.hear(asked)

    def hear(self, asked: Asked) -> None:
        """Hear what was answered: draw, and leave what is to be kept to the thread. What is no answer is not kept."""
        for answered, data in zip(asked.answers.images, asked.images, strict=True):
            if answered.error or not answered.scores:
                continue
            drawn = self._draw.random() < self._share
            if not drawn and not asked.answers.unsure(answered):
                self.counters.passed_over += 1
                continue
            kept = bytes(data) if self._pictures else None
            one = _Waiting(asked.answers, answered, kept, drawn, asked.time or stamp(self._clock()))
            with self._turn:
                count, size = self._waiting[0] + 1, self._waiting[1] + one.weight
                if count > _MOST_WAITING or size > _MOST_WAITING_BYTES:
                    self.counters.dropped += 1
                    continue
                self._waiting = [count, size]
                self._digests[answered.sha256] += 1
            self._queue.put(one)

    def settled(self, digest: str) -> None:
        """Wait until what was heard of an image is written, for two seconds at most."""
        with self._turn:
            self._turn.wait_for(lambda: not self._digests[digest], _SETTLING)

    def close(self) -> None:
        """Write what waits, for ten seconds at most, and end the thread."""
        self._queue.put(None)
        self._thread.join(_CLOSING)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the lock of the root, so that ``make_room`` and ``took`` may be called."""
        with alone(self.root):
            self._size = self._taken()
            try:
                yield
            finally:
                self._note_taken()

    def make_room(self, need: int) -> None:
        """Throw away what is too old, and the oldest of what is too much once so many bytes are to be added."""
        stale = self._looked is None or (self._clock() - self._looked).total_seconds() > _LOOK_EVERY
        if stale or self._size is None or self._size + need > self.cap:
            thrown, self._size = make_room(self.root, self.cap, self.days, need, self._clock())
            self._looked = self._clock()
            self.counters.thrown_away += thrown.answers + thrown.truths + thrown.pictures
            self._gone.add(thrown)
            self._tell(at_once=self._told_of_none)

    def _tell(self, *, at_once: bool) -> None:
        """Say what was thrown away, once a minute at most."""
        if self._gone and (at_once or (self._clock() - self._said).total_seconds() > _SAID_EVERY):
            self._say(f"thrown away from {self.root}, the oldest: {self._gone.words}")
            self._gone, self._said, self._told_of_none = Thrown(), self._clock(), False

    def took(self, size: int) -> None:
        """Note how many bytes were added, where ``make_room`` made room for them."""
        self._size = (self._size or 0) + size

    # How much is taken is written down, for every service that keeps here: who dies in between makes it wrong by what
    # he was about to write, until the next one looks.
    def _taken(self) -> int | None:
        try:
            return int((self.root / _TAKEN).read_bytes())
        except (OSError, ValueError):
            return None

    def _note_taken(self) -> None:
        if self._size is not None:
            write_private(self.root / _TAKEN, b"%d" % self._size)

    def _write_all(self) -> None:
        while batch := self._batch():
            last = batch[-1] is None
            found = [one for one in batch if one is not None]
            if found:
                self._write(found)
                with self._turn:
                    self._waiting[0] -= len(found)
                    self._waiting[1] -= sum(one.weight for one in found)
                    self._digests -= Counter(one.answered.sha256 for one in found)
                    self._turn.notify_all()
            if last:
                self._tell(at_once=True)
                return

    def _batch(self) -> list[_Waiting | None]:
        """Return what waits, once something does; None at its end is the last."""
        found = [self._queue.get()]
        while len(found) < _AT_ONCE and found[-1] is not None:
            try:
                found.append(self._queue.get_nowait())
            except Empty:
                break
        return found

    def _write(self, batch: list[_Waiting]) -> None:
        of: dict[str, list[_Waiting]] = {}
        for one in batch:
            of.setdefault(one.answers.release.recipe, []).append(one)
        try:
            with self.turn():
                for recipe, found in of.items():
                    self._write_of(Log(self.root, recipe), found)
        except (OSError, BadInput) as error:
            self.counters.failed += len(batch)
            told = f"answers cannot be kept in {self.root}: {getattr(error, 'strerror', None) or error}"
            if told != self._told:  # not for each answer
                self._told = told
                self._say(told)
        else:
            self.counters.kept += len(batch)
            self._told = ""

    def _write_of(self, log: Log, batch: list[_Waiting]) -> None:
        lines = [_as_line(one, self._put(log, one)) for one in batch]
        self.make_room(_LINE * len(batch))
        self.took(log.append("answers", lines, f"{self._clock():%Y-%m-%d}"))

    def _put(self, log: Log, one: _Waiting) -> bool:
        """Keep a picture, where pictures are kept; return whether it is there."""
        if one.data is None or len(one.data) > self.cap // 4 or sha256_bytes(one.data) != one.answered.sha256:
            return False
        self.make_room(len(one.data))
        added = log.put(one.answered.sha256, one.data)
        self.took(added)
        self.counters.pictures += bool(added)
        return True


def _as_line(one: _Waiting, picture: bool) -> dict[str, Any]:
    """Return an answer as a log has it; docs/feedback.md says what is what."""
    answers, release = one.answers, one.answers.release
    return {
        "time": one.time,
        "sha256": one.answered.sha256,
        "recipe": release.recipe,
        "release": release.release,
        "model": release.model,
        "run": release.run,
        "format": release.format,
        "canary": answers.canary,
        "unsure": answers.unsure(one.answered),
        "drawn": one.drawn,
        "picture": picture,
        "classes": len(release.classes),
        "top": [[told["label"], told["probability"]] for told in answers.top(one.answered, TOP)],
    }
