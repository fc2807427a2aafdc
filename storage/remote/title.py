"""The champion of a recipe in a remote: one object, which only compare-and-swap changes, and one for each event.

    champions/<recipe>/champion      the state, with the newest event in it
    champions/<recipe>/<number>      each event but perhaps the newest; put once

With a remote, its champion is the champion: what a store has of its own (``storage.champions``) is a copy, brought up
to the remote's before anybody decides, and changed after it. Two histories that came about apart are refused: which of
two champions is the better one is a question for the gate, not for the order of two pushes.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict

from storage.champions import Champions, Event, State
from storage.digests import canonical_json
from storage.errors import ChampionMoved, RemoteDamaged, TwoChampions
from storage.remote.objects import Objects

_AGAIN = 5


class Title:
    """The champions of a remote."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def history(self, recipe: str, known: Sequence[Event] = ()) -> tuple[list[Event], str | None]:
        """Return every event of a recipe, the oldest first, and the tag of the state after them.

        Args:
            recipe: the recipe's name.
            known: the history of a store; what both have up to one same event is not read again.

        Raises:
            RemoteError: it cannot be read, or an event is missing.
        """
        state, tag = self.state(recipe)
        if state.last is None:
            return [], tag
        newest = state.last.number
        same = min(len(known), newest)
        there = state.last if same == newest else self._event(recipe, same) if same else None
        if there is None or there != known[same - 1]:
            same = 0
        events = [self._event(recipe, number) for number in range(same + 1, newest)]
        return [*known[:same], *events, *([state.last] if same < newest else [])], tag

    def state(self, recipe: str) -> tuple[State, str | None]:
        """Return who is champion, pinned and blocked in the remote, and the tag of this version; one request."""
        known = self._objects.get_tagged(f"champions/{recipe}/champion")
        if known is None:
            return State(), None
        try:
            return State.from_json(json.loads(known[0])), known[1]
        except (ValueError, KeyError, TypeError):
            raise self._damaged(f"champions/{recipe}/champion") from None

    def move(self, recipe: str, before: State, after: State) -> None:
        """Change the state from one to the next, if the remote's is the first of them still.

        Raises:
            ChampionMoved: another machine changed it meanwhile: nothing was changed.
            RemoteError: the remote does not answer, or refuses.
        """
        now, tag = self.state(recipe)
        if now == after:  # an answer got lost, and it was done
            return
        if now != before:
            raise self._moved(recipe, now)
        if before.last:
            self._put(recipe, before.last)
        if not self._objects.put_if(f"champions/{recipe}/champion", canonical_json(after.as_json()), tag):
            now, _ = self.state(recipe)
            if now != after:
                raise self._moved(recipe, now)

    def agree(self, champions: Champions, recipe: str, ready: Callable[[State], None] = lambda _: None) -> None:
        """Bring a store's copy up to the remote's, or the remote up to a store's whose history goes on from it.

        Args:
            champions: of the store.
            recipe: the recipe's name.
            ready: is called before the remote names the champions of a state: puts there what those are.

        Raises:
            TwoChampions: neither goes on from the other.
            RemoteError: the remote does not answer, or refuses.
        """
        for _ in range(_AGAIN):
            own = champions.history(recipe)
            state, tag = self.state(recipe)
            if (own[-1] if own else None) == state.last:
                return
            shared, tag = self.history(recipe, own)
            if own == shared[: len(own)]:
                champions.follow(recipe, shared)
                return
            if shared != own[: len(shared)]:
                raise TwoChampions(_apart(recipe, own, shared))
            ready(champions.state(recipe))
            for event in own[:-1]:
                self._put(recipe, event)
            text = canonical_json(champions.state(recipe).as_json())
            if self._objects.put_if(f"champions/{recipe}/champion", text, tag):
                return
        raise ChampionMoved(f"{recipe}: other machines keep changing the champion in the remote; run it again")

    def _put(self, recipe: str, event: Event) -> None:
        name, text = f"champions/{recipe}/{event.number:08}", canonical_json(asdict(event))
        if not self._objects.put_new(name, text) and self._objects.get(name) != text:
            self._objects.put_over(name, text)  # damaged: the state that names it as its own decides

    def _event(self, recipe: str, number: int) -> Event:
        name = f"champions/{recipe}/{number:08}"
        try:
            event = Event(**json.loads(self._objects.get(name) or b""))
        except (ValueError, TypeError):
            raise self._damaged(name) from None
        if event.number != number:
            raise self._damaged(name)
        return event

    def _damaged(self, name: str) -> RemoteDamaged:
        return RemoteDamaged(
            f"{name} of the remote {self._objects.address}: expected an event of a champion, found something else or "
            "nothing; a store that followed it still has the history"
        )

    def _moved(self, recipe: str, now: State) -> ChampionMoved:
        return ChampionMoved(
            f"{recipe}: another machine changed the champion meanwhile, to {(now.current or 'none')[:12]}: nothing was "
            "changed; run it again"
        )


def _apart(recipe: str, own: Sequence[Event], shared: Sequence[Event]) -> str:
    here, there = (next((one for one in reversed(events) if one.event == "promoted"), None) for events in (own, shared))
    ours, theirs = ((one.release[:12] if one else "none") for one in (here, there))
    return (
        f"{recipe}: expected one champion, found two that came about apart: {ours} in this store, {theirs} in the "
        "remote. Neither was compared with the other, so nothing is promoted. To have the gate compare them, and go on "
        f"with one: evergreen remote join {recipe}"
    )
