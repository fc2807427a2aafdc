"""Where a challenger stands: whom it meets, and what a verdict makes of it. Knows no Prefect."""

from dataclasses import dataclass
from typing import Literal

from runs.releases import by_hand, parts_of
from runs.run import Run
from storage.artifacts import Manifest, Ref
from storage.champions import Champions, Event, State
from storage.errors import ChampionMoved
from storage.store import Store

Standing = Literal[
    "champion", "rejected", "cannot compare", "blocked", "pinned",
    "the remote cannot be reached", "the remote has another champion",
]  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """What a verdict comes to.

    Attributes:
        manifest: of what ``promote`` publishes: the challenger, the champion once it is done, and the standing.
        event: what happens to the champion's state; None if the challenger holds the title already.
        seen: the state on which this was decided.
    """

    manifest: Manifest
    event: Event | None
    seen: State


def opponent_of(store: Store, recipe: str, challenger: Ref, state: State | None = None) -> Manifest:
    """Return the manifest of what ``challenge`` publishes: ``release``, whom the challenger meets, or None.

    That is the champion. A challenger whose own model is the champion meets the one that its model took the place of:
    so an unchanged run finds the comparison that it made before, and new exports of the champion's model are judged.

    Args:
        store: where the champions and the artifacts are.
        recipe: the recipe's name.
        challenger: a release.
        state: who is champion; None: as the store has it.
    """
    state = state or Champions(store.root).state(recipe)
    return _opponent(state, parts_of(store, challenger.sha256)["model"].sha256)


def decide(
    store: Store,
    recipe: str,
    challenger: Ref,
    met: Ref,
    comparison: Ref,
    run: str = "",
    state: State | None = None,
) -> Decision:
    """Say what becomes of a challenger that was compared.

    Args:
        store: where the champions and the artifacts are.
        recipe: the recipe's name.
        challenger: a release.
        met: what ``challenge`` published before the comparison.
        comparison: what ``compare`` published; its facts are read.
        run: id of the run.
        state: on which it is decided; None: the one that the store has.

    Raises:
        ChampionMoved: the champion is another one than the challenger was compared with.
    """
    state = state or Champions(store.root).state(recipe)
    model = parts_of(store, challenger.sha256)["model"].sha256
    if _opponent(state, model).ref() != met:
        raise ChampionMoved(f"{recipe}: another run changed the champion since this comparison; run it again")
    facts = store.manifest(comparison.sha256).facts
    reason = by_hand(facts["summary"], run or challenger.sha256[:12])
    standing: Standing = "champion"
    event: Event | None = None
    if state.current == challenger.sha256:
        pass
    elif facts["verdict"] != "promote":
        standing, event = facts["verdict"], Event("rejected", challenger.sha256, model, reason, run)
    elif model in state.blocked:
        standing = "blocked"
        event = Event("blocked", challenger.sha256, model, f"{reason}; but someone stepped back from this model", run)
    elif state.pinned:
        standing = "pinned"
        event = Event("rejected", challenger.sha256, model, f"{reason}; but the champion is pinned", run)
    else:
        event = Event("promoted", challenger.sha256, model, reason, run)
    champion = challenger.sha256 if standing == "champion" else state.current
    about = {"release": challenger.sha256, "champion": champion, "standing": standing}
    return Decision(Manifest("promotion", {}, about), event, state)


def promoted_by(run: Run) -> str | None:
    """Return the release that a run made champion, whatever became of the run afterwards; None if it made none."""
    if "promote" not in run.journal.entries:
        return None
    history = Champions(run.store.root).history(run.recipe.name)
    return next((event.release for event in history if (event.event, event.run) == ("promoted", run.id)), None)


def _opponent(state: State, model: str) -> Manifest:
    release = state.current
    if state.champion and state.champion.model == model:
        release = state.champion.over
    return Manifest("champion", {}, {"release": release})
