"""What a run does with the remote by itself: one champion for all, what it made for others, and words for the rest.

A remote that does not answer, or refuses, never fails a run: what it did is in the store, and the run says what was not
pushed. The next run, or ``evergreen push``, pushes it.
"""

from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from runs.run import Run
from runs.shared.cargo import cargo_of_release, cargo_of_run
from runs.shared.opening import behind_of, memory_of
from runs.standing import Decision, Standing
from storage.artifacts import Manifest
from storage.champions import Champions, State
from storage.errors import ChampionMoved, RemoteError, StoreError, TwoChampions
from storage.remote.push import Cargo, Pushed, push
from storage.remote.title import Title
from storage.sizes import in_words
from storage.store import Store

UNREACHABLE: Standing = "the remote cannot be reached"
# What a command agreed on for the run that it is about to start: recipe and store.
_agreed: ContextVar[tuple[str, Store] | None] = ContextVar("agreed", default=None)
APART: Standing = "the remote has another champion"


def agree(store: Store, recipe: str) -> list[str]:
    """Bring the champion of a recipe here up to the remote's, and return what a person should know; one request."""
    behind = behind_of(store)
    if behind is None or behind.lost:
        return []
    try:
        agree_or_raise(store, recipe)
        behind.apart.pop(recipe, None)
    except TwoChampions as error:
        behind.apart[recipe] = error
        return [str(error)]
    except RemoteError as error:
        behind.lost = error
        return [f"going on without the remote: {error}"]
    return []


def agree_for_a_run(store: Store, recipe: str) -> list[str]:
    """Agree as ``agree`` does; a run of the recipe that this process starts next takes it over and asks nobody."""
    told = agree(store, recipe)
    _agreed.set((recipe, store))
    return told


def agree_at_the_start(store: Store, recipe: str) -> list[str]:
    """Agree as ``agree`` does when a run starts, unless the command that starts it has, and has told it, just now."""
    before, behind = _agreed.get(), behind_of(store)
    _agreed.set(None)
    known = behind_of(before[1]) if before and (before[0], before[1].root) == (recipe, store.root) else None
    if behind is None or known is None or known.remote.objects.address != behind.remote.objects.address:
        return agree(store, recipe)
    behind.lost, behind.apart = known.lost, known.apart
    return []


def agree_or_raise(store: Store, recipe: str) -> None:
    """Bring the champion of a recipe here up to the remote's, or what the remote lacks of it there.

    Raises:
        TwoChampions: neither history goes on from the other.
        RemoteError: the remote does not answer, or refuses.
    """
    behind = behind_of(store)
    if behind is None:
        return

    def ready(state: State) -> None:
        for holder in (state.champion, *reversed(state.earlier)):
            if holder:
                push_cargo(store, cargo_of_release(store, recipe, holder.release), surely=True)

    Title(behind.remote.objects).agree(Champions(store.root), recipe, ready)


def push_cargo(store: Store, cargo: Cargo, *, surely: bool = False) -> Pushed:
    """Push what travels of a run; raises as ``storage.remote.push.push``. Without a remote, nothing happens."""
    behind = behind_of(store)
    if behind is None:
        return Pushed()
    memory = memory_of(store, behind)
    memory.known |= behind.brought
    pushed = push(store, behind.remote, cargo, memory, surely=surely)
    behind.note_push(pushed)
    return pushed


def moved(store: Store, recipe: str, before: State, after: State) -> None:
    """Change the champion in the remote before it is changed here; for ``Champions.commit``.

    Raises:
        ChampionMoved: another machine changed it meanwhile.
        TwoChampions: the two histories came about apart.
        RemoteError: the remote does not answer, or refuses.
    """
    behind = behind_of(store)
    if behind is None:
        return
    if behind.lost:
        raise behind.lost
    if recipe in behind.apart:
        raise behind.apart[recipe]
    Title(behind.remote.objects).move(recipe, before, after)


def committed(run: Run, decision: Decision) -> tuple[Decision, str]:
    """Let a decision happen, here and in the remote, and return what became of it, and a remark if it could not.

    Raises:
        ChampionMoved: another process or machine changed the champion; who it is now is known here.
    """
    store, recipe = run.store, run.recipe.name
    if decision.event is None:
        return decision, ""
    behind = behind_of(store)
    try:
        if behind and not behind.lost and recipe not in behind.apart:
            push_cargo(store, cargo_of_run(run), surely=True)
        Champions(store.root).commit(recipe, decision.seen, decision.event, lambda *states: moved(store, *states))
    except ChampionMoved:
        agree(store, recipe)
        raise
    except (RemoteError, TwoChampions) as error:
        if behind and isinstance(error, RemoteError):
            behind.lost = behind.lost or error
        standing = APART if isinstance(error, TwoChampions) else UNREACHABLE
        if decision.event.event != "promoted":
            return decision, f"not written down: {standing}"
        facts = {**decision.manifest.facts, "champion": decision.seen.current, "standing": standing}
        return replace(decision, manifest=Manifest(decision.manifest.kind, {}, facts)), f"not promoted: {standing}"
    return decision, ""


def share(run: Run, *, pushes: bool) -> dict[str, Any] | None:
    """Push what a run made, and return what ``run.json`` says of the remote; None without one.

    Args:
        run: that ends.
        pushes: whether anything is pushed: not by one that somebody stopped.
    """
    behind = behind_of(run.store)
    if behind is None:
        return None
    behind.remade([entry.key for entry in run.journal.entries.values() if entry.key and entry.state == "ran"])
    problem = str(behind.lost) if behind.lost else "" if pushes else "the run was stopped"
    if not problem:
        try:
            push_cargo(run.store, cargo_of_run(run))
        except StoreError as error:
            problem = str(error)
    pushed = behind.told_of_pushes()  # with what was pushed before: trainings, and what is promoted
    entries = run.journal.entries
    brought = [name for name, entry in entries.items() if entry.key in behind.brought]
    elsewhere = [name for name, entry in entries.items() if entry.key in pushed.elsewhere]
    told = {
        "address": behind.remote.objects.address,
        "brought": brought,
        "objects": pushed.objects,
        "bytes": pushed.size,
        "elsewhere": elsewhere,
        "refused": list(behind.refused),
        "leases": list(run.journal.leases),
        "checkpoint_bytes": run.journal.checkpoint_bytes,
        "problem": problem,
    }
    return {**told, "words": words_of(told)}


def words_of(told: dict[str, Any]) -> str:
    """Return in one line what a run did with the remote."""
    parts = []
    if told["brought"]:
        count = len(told["brought"])
        parts.append(f"{count} step{' is' if count == 1 else 's are'} another machine's work")
    if told["problem"]:
        parts.append(f"what this run made is not pushed: {told['problem']}; once it can be: evergreen push")
    elif told["objects"]:
        parts.append(
            f"{told['objects']:,} object{'' if told['objects'] == 1 else 's'} pushed, {in_words(told['bytes'])}"
        )
    else:
        parts.append("all of this run is there")
    if told["elsewhere"]:
        parts.append(f"another machine had made {', '.join(told['elsewhere'])} meanwhile, and its result stays there")
    parts += [f"{lease['step']}: {lease['words']}" for lease in told["leases"]]
    if told["refused"]:
        parts.append(f"refused: {'; '.join(told['refused'])}")
    return "; ".join(parts)
