"""Champions: for each recipe, which release stands for it. The store's one mutable state.

    <root>/champions/<recipe>/champion.json   who is the champion, and the event that made it so; replaced as one
    <root>/champions/<recipe>/history.jsonl   every event, one JSON object a line; only ever appended to
    <root>/champions/<recipe>/lock            held by whoever writes; the system lets go of it however that ends
    <root>/champions/<recipe>/aside-<digest>.jsonl  a history that was left for another one; nothing deletes it

The state is the events, one after the other: ``State.after`` is the only way from one to the next. An event is
written with the new state into ``champion.json`` first, and then appended to the history: killed in between, the
history lacks only the event that the pointer carries, and the next write adds it. A pointer that is damaged or gone
is made again from the history.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from storage import disk
from storage.digests import canonical_json, sha256_bytes
from storage.errors import ArtifactDamaged, BadReference, ChampionMoved

EventName = Literal["promoted", "rejected", "rolled back", "pinned", "unpinned", "blocked"]

_RECIPE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")


@dataclass(frozen=True)
class Event:
    """One line of a history.

    Attributes:
        event: what happened. ``rejected`` is a challenger that lost or met a pinned champion, ``blocked`` one that was
            turned away because someone stepped back from it; both leave the champion.
        release: SHA-256 of the release that it is about; of a roll back, the one that was stepped back from.
        model: SHA-256 of that release's model: two releases of one model are the same candidate.
        reason: in words.
        run: id of the run, or empty for a person's command.
        time: UTC, ISO 8601.
        number: 1 for the first event of a recipe.
    """

    event: EventName
    release: str
    model: str
    reason: str
    run: str = ""
    time: str = ""
    number: int = 0


@dataclass(frozen=True)
class Holder:
    """A release that is, or was, the champion.

    Attributes:
        release: SHA-256 of the release.
        model: SHA-256 of its model.
        over: SHA-256 of the release that its model took the place of; None for a first champion.
        since: UTC time at which its model became the champion, ISO 8601.
    """

    release: str
    model: str
    over: str | None
    since: str


@dataclass(frozen=True)
class State:
    """What the events so far add up to.

    Attributes:
        champion: the holder, or None before the first promotion.
        earlier: holders that can be stepped back to, the latest last; each model once, none that is blocked.
        blocked: models that no run promotes until someone names them again.
        pinned: whether no run promotes anything.
        last: the newest event.
    """

    champion: Holder | None = None
    earlier: tuple[Holder, ...] = ()
    blocked: tuple[str, ...] = ()
    pinned: bool = False
    last: Event | None = None

    @property
    def current(self) -> str | None:
        """The champion's release, if there is one."""
        return self.champion.release if self.champion else None

    def after(self, event: Event) -> "State":
        """Return the state once an event has happened."""
        told = replace(self, last=event)
        if event.event == "promoted":
            return told._crowned(event)
        if event.event == "rolled back":
            earlier = tuple(holder for holder in self.earlier if holder.model != event.model)
            blocked = (*(model for model in self.blocked if model != event.model), event.model)
            return replace(told, champion=earlier[-1], earlier=earlier[:-1], blocked=blocked)
        if event.event in ("pinned", "unpinned"):
            return replace(told, pinned=event.event == "pinned")
        return told

    def _crowned(self, event: Event) -> "State":
        blocked = tuple(model for model in self.blocked if model != event.model)
        before = self.champion
        if before and before.model == event.model:  # the same model, released anew
            return replace(self, champion=replace(before, release=event.release), blocked=blocked)
        holder = Holder(event.release, event.model, self.current, event.time)
        earlier = tuple(other for other in (*self.earlier, before) if other and other.model != event.model)
        return replace(self, champion=holder, earlier=earlier, blocked=blocked)

    @classmethod
    def told_by(cls, events: Iterable[Event]) -> "State":
        """Return what events add up to, the oldest first."""
        state = cls()
        for event in events:
            state = state.after(event)
        return state

    def following(self, event: Event) -> Event:
        """Return an event as the next one after this state: with its time and number."""
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        return replace(event, time=time, number=self.last.number + 1 if self.last else 1)

    def stands_as(self, other: "State") -> bool:
        """Whether a decision taken on the other state holds for this one too."""
        return replace(self, last=None) == replace(other, last=None)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "State":
        """Read what ``as_json`` wrote.

        Raises:
            KeyError, TypeError: it is something else.
        """
        return cls(
            champion=Holder(**value["champion"]) if value["champion"] else None,
            earlier=tuple(Holder(**holder) for holder in value["earlier"]),
            blocked=tuple(value["blocked"]),
            pinned=value["pinned"],
            last=Event(**value["last"]) if value["last"] else None,
        )


# Changes the state of a recipe elsewhere: the recipe, the state before, the state after.
Move = Callable[[str, State, State], None]


class Champions:
    """The champions of one store. Constructing it touches no disk; a folder appears with a recipe's first event."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def current(self, recipe: str) -> str | None:
        """Return the SHA-256 of the release that is a recipe's champion, or None."""
        return self.state(recipe).current

    def recipes(self) -> list[str]:
        """Return the recipes that have a history, by name."""
        return sorted(path.name for path in (self._root / "champions").glob("*") if _RECIPE.match(path.name))

    def state(self, recipe: str) -> State:
        """Return who is champion, pinned and blocked; before the first event an empty state."""
        path = self._folder(recipe) / "champion.json"
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):  # the history tells the same
            return State.from_json(json.loads(path.read_bytes()))
        return State.told_by(self._written(recipe))

    def stamp(self, recipe: str) -> tuple[int, int, int]:
        """Return what changes whenever ``state`` does, for whoever looks often: inode, size, time; zeros before."""
        try:
            found = (self._folder(recipe) / "champion.json").stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_ino, found.st_size, found.st_mtime_ns)

    def history(self, recipe: str) -> list[Event]:
        """Return every event of a recipe, oldest first."""
        events = list(self._written(recipe))
        last = self.state(recipe).last
        return [*events, last] if last and last.number > len(events) else events

    def kept(self, *, rejected: bool = True) -> set[str]:
        """Return the releases that a champion's state or history names: whoever tidies the store must leave them.

        Args:
            rejected: also those that were turned away and are nothing else; a person may promote them yet.

        Raises:
            ArtifactDamaged: a history cannot be read.
        """
        turned_away = ("rejected", "blocked")
        events = [event for recipe in self.recipes() for event in self.history(recipe)]
        events += [event for recipe in self.recipes() for path in self.aside(recipe) for event in _events_in(path)]
        found = {event.release for event in events if rejected or event.event not in turned_away}
        states = [self.state(recipe) for recipe in self.recipes()]
        return found | {holder.release for state in states for holder in (*state.earlier, state.champion) if holder}

    def commit(self, recipe: str, seen: State, event: Event, move: Move = lambda *_: None) -> State:
        """Make an event happen, if what it was decided on still stands, and return the state after it.

        Args:
            recipe: the recipe's name.
            seen: the state on which the event was decided.
            event: what happens; its time and number are set here.
            move: does so elsewhere before it is done here, or raises: then nothing was written.

        Raises:
            ChampionMoved: another process changed the state meanwhile: nothing was written.
            StoreUnwritable: the store may not be written, or the disk is full.
        """
        folder = self._folder(recipe)
        with disk.explained(self._root), disk.locked(folder / "lock"):
            now = self.state(recipe)
            if not now.stands_as(seen):
                raise ChampionMoved(
                    f"{recipe}: another process changed the champion meanwhile, to {(now.current or 'none')[:12]}: "
                    "nothing was changed; run it again"
                )
            self._catch_up(recipe, now)
            event = now.following(event)
            after = now.after(event)
            move(recipe, now, after)
            disk.replace(folder / "champion.json", canonical_json(after.as_json()))
            disk.append(folder / "history.jsonl", _line(event))
            return after

    def follow(self, recipe: str, events: Sequence[Event], leaving: Sequence[Event] = ()) -> None:
        """Take over a history that goes on from this one, or another one, which this one is left for.

        Killed at any point, the history is one of the two, whole; one that is left is kept aside before.

        Args:
            recipe: the recipe's name.
            events: the history to take over.
            leaving: this history, as it was when it was decided to leave it; empty if the other goes on from it.

        Raises:
            ChampionMoved: another process added to this history meanwhile: nothing was taken over.
            StoreUnwritable: the store may not be written, or the disk is full.
        """
        folder = self._folder(recipe)
        with disk.explained(self._root), disk.locked(folder / "lock"):
            own = self.history(recipe)
            if own != list(leaving or events[: len(own)]):
                raise ChampionMoved(f"{recipe}: another process changed the champion meanwhile; run it again")
            if leaving:
                lines = b"".join(map(_line, own))
                disk.replace(folder / f"aside-{sha256_bytes(lines)[:12]}.jsonl", lines)
            self._catch_up(recipe, self.state(recipe))
            (folder / "champion.json").unlink(missing_ok=True)  # while it is not there, the history tells
            disk.replace(folder / "history.jsonl", b"".join(map(_line, events)))
            disk.replace(folder / "champion.json", canonical_json(State.told_by(events).as_json()))

    def aside(self, recipe: str) -> list[Path]:
        """Return the files that hold histories which were left for another one, by name."""
        return sorted(self._folder(recipe).glob("aside-*.jsonl"))

    def _folder(self, recipe: str) -> Path:
        if not _RECIPE.match(recipe):
            raise BadReference(f"expected a recipe's name, such as digits; received {recipe!r}")
        return self._root / "champions" / recipe

    def _written(self, recipe: str) -> Iterator[Event]:
        """Yield the events in the history file; a line that was cut off is none."""
        return _events_in(self._folder(recipe) / "history.jsonl")

    def _catch_up(self, recipe: str, now: State) -> None:
        """Bring the history to where the state is: whoever wrote last may have died in between."""
        path = self._folder(recipe) / "history.jsonl"
        data = path.read_bytes() if path.is_file() else b""
        if torn := data[data.rfind(b"\n") + 1 :]:
            disk.replace(path, data.removesuffix(torn))
        if now.last and now.last.number > data.count(b"\n"):
            disk.append(path, _line(now.last))


def _events_in(path: Path) -> Iterator[Event]:
    """Yield the events in a file; none if it is not there."""
    data = path.read_bytes() if path.is_file() else b""
    for number, line in enumerate(data.split(b"\n")[:-1], start=1):
        try:
            yield Event(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise ArtifactDamaged(f"line {number} of {path} is no event: {error}") from error


def _line(event: Event) -> bytes:
    return canonical_json(asdict(event)) + b"\n"
