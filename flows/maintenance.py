"""Upkeep: mark runs that died, prune old ones, verify the store, trim caches, remove what nobody takes up again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ParamSpec, cast

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed
from pydantic import Field

from flows.opening import open_store
from flows.outcome import rename
from flows.say import say
from flows.servers.server_runs import dead_runs, forget, mark_crashed, old_server_runs
from runs.kept.caches import cache_excess, trim_cache
from runs.kept.checkpoints import ended_trainings
from runs.kept.leftovers import orphans
from runs.shared.moving import needed
from runs.sweeps.place import unasked
from storage.champions import Champions
from storage.errors import ArtifactDamaged, RemoteError
from storage.garbage import collect, garbage
from storage.in_use import exclusively
from storage.remote.collecting import collect as collect_in
from storage.remote.collecting import garbage as garbage_of
from storage.sizes import in_words
from storage.store import Store
from storage.upkeep import damaged, discard, incomplete, old_runs, remove, size_of

# Three of the heartbeats that Prefect sends where nothing else is set, and a little.
_SILENT = timedelta(minutes=10)
_SHOWN = 5
_LONGEST_NAME = 24

P = ParamSpec("P")

Days = Annotated[float, Field(ge=1, le=3650)]


@dataclass(frozen=True)
class Chore:
    """What one chore found, and how it is done.

    Attributes:
        name: in words.
        found: names of what it found.
        size: bytes that it frees.
        do: does it; a text that it returns says why not.
    """

    name: str
    found: list[str]
    size: int
    do: Callable[[], str | None]


class StoreDamaged(ArtifactDamaged):
    """Something in the store was altered.

    Attributes:
        rows: what every chore found, and whether it was done.
    """

    def __init__(self, told: str, rows: list[dict[str, Any]]) -> None:
        super().__init__(told)
        self.rows = rows


@dataclass(frozen=True)
class Bounds:
    """How old what may go must be, in days, and what stays however old; the parameters of ``maintain``."""

    keep_days: float
    keep_runs: int
    orphan_days: float
    garbage_days: float
    keep_rejected: bool
    remote: bool


@flow(name="maintain", flow_run_name="maintain")
def maintain(
    store: str | None = None,
    keep_days: Days = 90,
    keep_runs: Annotated[int, Field(ge=1, le=10_000)] = 10,
    orphan_days: Days = 7,
    garbage_days: Days = 30,
    keep_rejected: bool = True,
    remote: bool = False,
    dry_run: bool = True,
) -> list[dict[str, Any]]:
    """Look after a store and its runs; with dry_run, say what would be done and do nothing.

    Args:
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        keep_days: runs that ended more than this many days ago go, here and on the server; so do the searches of sweeps
            that nobody asked for since.
        keep_runs: so many completed runs of a recipe stay however old they are.
        orphan_days: checkpoints, partial downloads and old memories that nobody touched for so long go.
        garbage_days: what no run, champion or release needs goes once nobody used it for so long: records, artifacts,
            copies of exports.
        keep_rejected: models that lost, or were blocked, stay, to be promoted by hand; else they are garbage as well.
        remote: also look after what EVERGREEN_REMOTE names, by the same garbage_days: of all machines that share it.
        dry_run: only say what would be done.

    Raises:
        StoreDamaged: something in the store is; told once everything else is done.
    """
    kept = open_store(store)
    rows: list[dict[str, Any]] = []
    for chore in _chores(kept, Bounds(keep_days, keep_runs, orphan_days, garbage_days, keep_rejected, remote)):
        refused = chore.do() if chore.found and not dry_run else None
        rows.append(_row(chore, "dry run" if dry_run else refused))
        say(f"{chore.name}: {len(chore.found)}")
    create_table_artifact(key="maintain", table=rows, description="Dry run" if dry_run else "What was done")
    told = _in_words(rows, dry_run)
    rename(f"maintain: {told}")
    harmed = sum(row["found"] for row in rows if row["chore"] == _DAMAGED)
    # A disk that alters bytes is worth a notice, even if everything can be made again.
    state: Any = Failed(message=told, data=StoreDamaged(told, rows)) if harmed else Completed(message=told, data=rows)
    return cast(list[dict[str, Any]], state)


_IN_USE = "a run uses the store; the next maintain looks again"
REMOTE_GARBAGE = "remove from the remote what no champion or newer run of any machine needs"
_DAMAGED = "remove what was altered in the store, to be made again"


def _chores(store: Store, bounds: Bounds) -> Iterator[Chore]:
    """Yield the chores one after the other, each looked for when it is its turn."""
    own = FlowRunContext.get()
    with get_client(sync_client=True) as client:
        dead = [run for run in dead_runs(client, _SILENT) if not (own and own.flow_run and run.id == own.flow_run.id)]
        yield Chore(
            "mark runs that died as Crashed",
            [run.name for run in dead],
            0,
            _does(mark_crashed, client, dead),
        )
        past = old_server_runs(client, bounds.keep_days)
        yield Chore(
            "forget old runs on the server",
            [run.name for run in past],
            0,
            _does(forget, client, past),
        )
    needed = Champions(store.root).kept(rejected=bounds.keep_rejected)
    old = old_runs(store, bounds.keep_days, bounds.keep_runs, needed)
    yield _removal("remove the folders of old runs", old, _does(discard, store, old))
    yield _garbage(store, bounds, old)
    yield _searches(store, bounds)
    if bounds.remote:
        yield _of_remote(store, bounds)
    for folder, paths in orphans(store, bounds.orphan_days).items():
        yield _removal(f"remove orphans in {folder}", paths)
    yield _removal("remove checkpoints of trainings that ended", ended_trainings(store))
    excess = cache_excess(store)
    yield Chore("trim the caches", ["cache"] if excess else [], excess, _does(trim_cache, store))
    yield _removal(_DAMAGED, damaged(store))
    lacking = [f"{digest[:12]} lacks {name}" for digest, name in incomplete(store).items()]
    yield Chore("leave artifacts that are not whole to the step that needs them", lacking, 0, lambda: None)


def _garbage(store: Store, bounds: Bounds, gone: list[Path]) -> Chore:
    """Return the chore of collecting what nothing reaches once the folders of ``gone`` runs are no more."""
    found = garbage(store, bounds.garbage_days, rejected=bounds.keep_rejected, gone=gone)

    def do() -> str | None:
        done = collect(store, bounds.garbage_days, rejected=bounds.keep_rejected)
        return _IN_USE if done is None else None

    return Chore("remove what no run or champion needs", _named(found.paths), found.size, do)


def _of_remote(store: Store, bounds: Bounds) -> Chore:
    """Return the chore of collecting what no champion, and no run that was pushed lately, of any machine reaches."""
    remote = needed(store).remote
    found = garbage_of(remote, bounds.garbage_days)

    def do() -> str | None:
        try:
            collect_in(remote, bounds.garbage_days)
        except RemoteError as error:
            return str(error)
        return None

    return Chore(REMOTE_GARBAGE, [name[:_LONGEST_NAME] for name in found.names], found.size, do)


def _searches(store: Store, bounds: Bounds) -> Chore:
    """Return the chore of forgetting what sweeps drew and pruned, where none was asked for again."""
    found = unasked(store, bounds.keep_days)

    def do() -> str | None:
        with exclusively(store) as nobody_uses_it:
            if not nobody_uses_it:
                return _IN_USE
            discard(store, unasked(store, bounds.keep_days))
        return None

    return Chore("forget searches of sweeps that nobody asked for", _named(found), size_of(found), do)


def _removal(name: str, paths: list[Path], do: Callable[[], None] | None = None) -> Chore:
    return Chore(name, _named(paths), size_of(paths), do or _does(remove, paths))


def _named(paths: list[Path]) -> list[str]:
    return [path.name[:_LONGEST_NAME] for path in paths]


def _does(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> Callable[[], None]:
    """Return a function that does some work and returns nothing."""

    def do() -> None:
        work(*args, **kwargs)

    return do


def _row(chore: Chore, refused: str | None) -> dict[str, Any]:
    more = f" and {len(chore.found) - _SHOWN} more" if len(chore.found) > _SHOWN else ""
    return {
        "chore": chore.name,
        "found": len(chore.found),
        "size": in_words(chore.size) if chore.size else "",
        "bytes": chore.size,
        "done": "nothing to do" if not chore.found else f"no: {refused}" if refused else "yes",
        "which": ", ".join(chore.found[:_SHOWN]) + more,
    }


def _in_words(rows: list[dict[str, Any]], dry_run: bool) -> str:
    found = [
        f"{row['chore']}: {row['found']}" + (f" ({row['size']})" if row["size"] else "") for row in rows if row["found"]
    ]
    return ("would " if dry_run and found else "") + ("; ".join(found) or "nothing to do")
