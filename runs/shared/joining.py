"""Joining: a store and a remote with a champion each, neither of which came of the other, go on with one of them.

This store's champion becomes an ordinary challenger of the remote's: the gate judges both on images that the one held
out and the other never learned from, and what it says is the next event of the remote's history. Who pushed first keeps
the title as every champion does, where the other is not better by more than ``gate.min_gain``; where the gate cannot
compare them nothing is changed, and a person decides. Afterwards the store follows the remote's history; its own is
kept aside. Knows no Prefect, and no terminal.

The remote changes first, by compare-and-swap. Killed after that, the next join finds its event there, by the words with
which it begins, and goes on from it. Of two stores that join at once the later one meets whom the earlier one left.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from evergreen.errors import BadInput
from evergreen.recipe import Recipe
from evergreen.sections.refusing.told import TRY
from runs.releases import whole_parts_of
from runs.run import Run
from runs.shared.cargo import cargo_of_release
from runs.shared.meeting import judged
from runs.shared.moving import needed
from runs.shared.sharing import agree_or_raise, push_cargo
from runs.standing import decide, opponent_of
from runs.tables import to_json
from storage.champions import Champions, Event, EventName, Holder, State
from storage.errors import ChampionMoved, StoreError, TwoChampions
from storage.identity import identity_of, in_short
from storage.remote.behind import RemoteBehind
from storage.remote.title import Title
from storage.store import Store

Keep = Literal["own", "remote"]
Say = Callable[[str], object]
_AGAIN = 5


@dataclass(frozen=True)
class Joined:
    """What became of a store that joined.

    Attributes:
        recipe: the recipe's name.
        own: SHA-256 of the release that was champion here; None if none was.
        remote: of the one that was champion in the remote.
        champion: of the one that is champion now, here and there.
        reason: what led to it, in words.
        aside: files that hold histories which this store left, this time or before; the newest is not the last.
        unblocked: models that were blocked here, and are not in the remote's history.
    """

    recipe: str
    own: str | None
    remote: str | None
    champion: str | None
    reason: str
    aside: tuple[Path, ...] = ()
    unblocked: tuple[str, ...] = ()


def join(store: Store, recipe: Recipe, keep: Keep | None, say: Say) -> Joined:
    """Let a store and its remote go on with one champion of a recipe, which the gate names, or a person.

    Args:
        store: with the remote behind it.
        recipe: whose gate judges.
        keep: whose champion stays, in place of the gate's verdict: this store's own, or the remote's.
        say: is told what a person should know meanwhile.

    Raises:
        BadInput: no remote is named, this store's champion is pinned, or the gate cannot compare the two.
        ChampionMoved: other machines keep changing the champion in the remote.
        ArtifactMissing, ArtifactDamaged: one of the two is not whole.
        RemoteError: the remote does not answer, or refuses.
        StoreUnwritable: the store may not be written, or the disk is full.
    """
    behind, champions = needed(store), Champions(store.root)
    for _ in range(_AGAIN):
        if not _apart(store, recipe.name):
            current, aside = champions.current(recipe.name), tuple(champions.aside(recipe.name))
            return Joined(recipe.name, current, current, current, "both have one history already", aside)
        try:
            return _joined(store, behind, recipe, keep)
        except ChampionMoved as error:
            say(f"compared anew: {error}")
        except StoreError as error:
            for told in behind.refused:
                say(f"refused, and not used: {told}")
            if behind.lost and behind.lost is not error:
                raise behind.lost from error
            raise
    raise ChampionMoved(f"{recipe.name}: other machines keep changing the champion in the remote; run it again")


def _apart(store: Store, recipe: str) -> bool:
    """Whether the histories came about apart; where one goes on from the other, both are brought up to it."""
    try:
        agree_or_raise(store, recipe)
    except TwoChampions:
        return True
    return False


def _joined(store: Store, behind: RemoteBehind, recipe: Recipe, keep: Keep | None) -> Joined:
    name, champions, title = recipe.name, Champions(store.root), Title(behind.remote.objects)
    own, shared = champions.history(name), title.history(name)[0]
    mine, theirs = State.told_by(own), State.told_by(shared)
    if mine.pinned:
        raise BadInput(
            f"the champion {(mine.current or '')[:12]} of {name} is pinned here, and what is pinned is not replaced. "
            f"Nothing was changed\n{TRY}EVERGREEN_REMOTE= evergreen unpin {name}"
        )
    mark = f"champion of store {in_short(identity_of(store.root))} until it joined, after {_events(len(own))}"
    told = next((one for one in shared if one.release == mine.current and one.reason.startswith(mark)), None)
    after = theirs
    if told:
        reason = told.reason
    elif mine.champion is None:
        reason = "this store had no champion"
    elif theirs.champion and mine.champion.model == theirs.champion.model:
        reason = "both are the same model"
    else:
        event = _named(theirs, mine.champion, name, keep) or _judged(store, recipe, mine.champion, theirs)
        event = theirs.following(replace(event, reason=f"{mark}: {event.reason}"))
        push_cargo(store, cargo_of_release(store, name, event.release), surely=True)
        after, reason = theirs.after(event), event.reason
        title.move(name, theirs, after)
        shared = [*shared, event]
    champions.follow(name, shared, leaving=own)
    unblocked = tuple(model for model in mine.blocked if model not in after.blocked)
    return Joined(name, mine.current, theirs.current, after.current, reason, tuple(champions.aside(name)), unblocked)


def _named(theirs: State, own: Holder, recipe: str, keep: Keep | None) -> Event | None:
    """Return what a person decided, in place of the gate; None if nobody did."""
    if keep is None:
        return None
    if keep == "own" and theirs.pinned:
        raise BadInput(
            f"the champion {(theirs.current or '')[:12]} of {recipe} in the remote is pinned. Nothing was changed; "
            f"unpin it on a machine that follows it\n{TRY}evergreen unpin {recipe}"
        )
    event: EventName = "promoted" if keep == "own" else "rejected"
    which = "this one" if keep == "own" else "the remote's"
    return Event(event, own.release, own.model, f"a person kept {which}, the gate was not asked")


def _judged(store: Store, recipe: Recipe, own: Holder, theirs: State) -> Event:
    """Return what the gate makes of this store's champion as a challenger of the remote's.

    Raises:
        BadInput: it cannot compare them.
    """
    release, parts = store.manifest(own.release).ref(), whole_parts_of(store, own.release)
    met = opponent_of(store, recipe.name, release, theirs)
    champion = met.facts["release"]
    bits = recipe.screen.near_duplicate_bits
    proofs = (parts["dataset"], parts["evaluation"], parts["verification"])
    found = judged(Run.new(store, recipe), *proofs, champion, bits)
    if found.verdict == "cannot compare":
        line = f"evergreen remote join {recipe.name} --keep"
        raise BadInput(
            f"{recipe.name}: the gate cannot compare {release.short}, the champion here, with {champion[:12]}, the "
            f"remote's: {found.summary.partition('; a person may decide')[0]}. Nothing was changed: a "
            f"person decides which one stays\n{TRY}{line} own\n{TRY}{line} remote"
        )
    facts = {"verdict": found.verdict, "summary": found.summary}
    comparison = store.publish("comparison", {"comparison.json": to_json(found.as_json())}, facts)
    decision = decide(store, recipe.name, release, met.ref(), comparison, state=theirs)
    if decision.event is None:  # only of a champion that meets itself
        raise ChampionMoved(f"{recipe.name}: {release.short} became champion of the remote meanwhile")
    return decision.event


def _events(count: int) -> str:
    return f"{count} event{'' if count == 1 else 's'} of its own"
