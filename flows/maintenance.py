"""Upkeep: mark runs that died, prune old ones, verify the store, trim caches, remove what nobody takes up again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, cast

from prefect import flow
from prefect.artifacts import create_table_artifact
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed
from pydantic import Field

from flows.outcome import rename
from flows.server_runs import dead_runs, forget, mark_crashed, old_server_runs
from flows.settings import store_root
from storage.champions import Champions
from storage.errors import ArtifactDamaged
from storage.store import Store
from storage.upkeep import damaged, incomplete, old_runs, remove, size_of
from tasks.images import cache_excess, trim_cache
from tasks.leftovers import ended_trainings, orphans

# Three of the heartbeats that Prefect sends where nothing else is set, and a little.
_SILENT = timedelta(minutes=10)
_SHOWN = 5
_LONGEST_NAME = 24

Days = Annotated[float, Field(ge=1, le=3650)]


@dataclass(frozen=True)
class Chore:
    """What one chore found, and how it is done.

    Attributes:
        name: in words.
        found: names of what it found.
        size: bytes that it frees.
        do: does it.
    """

    name: str
    found: list[str]
    size: int
    do: Callable[[], Any]


@flow(name="maintain", flow_run_name="maintain")
def maintain(
    store: str | None = None,
    keep_days: Days = 90,
    keep_runs: Annotated[int, Field(ge=1, le=10_000)] = 10,
    orphan_days: Days = 7,
    dry_run: bool = True,
) -> list[dict[str, Any]]:
    """Look after a store and its runs; with dry_run, say what would be done and do nothing.

    Args:
        store: the folder of the store; EVERGREEN_STORE or .evergreen/ if empty.
        keep_days: runs that ended more than this many days ago go, here and on the server.
        keep_runs: so many completed runs of a recipe stay however old they are.
        orphan_days: checkpoints, partial downloads and old memories that nobody touched for so long go.
        dry_run: only say what would be done.

    Raises:
        ArtifactDamaged: something in the store is; told once everything else is done.
    """
    kept = Store(store_root(Path(store) if store else None))
    rows = []
    for chore in _chores(kept, keep_days, keep_runs, orphan_days):
        if not dry_run and chore.found:
            chore.do()
        rows.append(_row(chore, dry_run))
    create_table_artifact(key="maintain", table=rows, description="Dry run" if dry_run else "What was done")
    told = _in_words(rows, dry_run)
    rename(f"maintain: {told}")
    harmed = sum(row["found"] for row in rows if row["chore"] == _DAMAGED)
    # A disk that alters bytes is worth a notice, even if everything can be made again.
    state: Any = Failed(message=told, data=ArtifactDamaged(told)) if harmed else Completed(message=told, data=rows)
    return cast(list[dict[str, Any]], state)


_DAMAGED = "remove what was altered in the store, to be made again"


def _chores(store: Store, keep_days: float, keep_runs: int, orphan_days: float) -> Iterator[Chore]:
    """Yield the chores one after the other, each looked for when it is its turn."""
    own = FlowRunContext.get()
    with get_client(sync_client=True) as client:
        dead = [run for run in dead_runs(client, _SILENT) if not (own and own.flow_run and run.id == own.flow_run.id)]
        yield Chore(
            "mark runs that died as Crashed",
            [run.name for run in dead],
            0,
            lambda: mark_crashed(client, dead),
        )
        past = old_server_runs(client, keep_days)
        yield Chore(
            "forget old runs on the server",
            [run.name for run in past],
            0,
            lambda: forget(client, past),
        )
    yield _removal(
        "remove the folders of old runs", old_runs(store, keep_days, keep_runs, Champions(store.root).kept())
    )
    for folder, paths in orphans(store, orphan_days).items():
        yield _removal(f"remove orphans in {folder}", paths)
    yield _removal("remove checkpoints of trainings that ended", ended_trainings(store))
    excess = cache_excess(store)
    yield Chore("trim the caches", ["cache"] if excess else [], excess, lambda: trim_cache(store))
    yield _removal(_DAMAGED, damaged(store))
    lacking = [f"{digest[:12]} lacks {name}" for digest, name in incomplete(store).items()]
    yield Chore("leave artifacts that are not whole to the step that needs them", lacking, 0, lambda: None)


def _removal(name: str, paths: list[Path]) -> Chore:
    return Chore(name, [path.name[:_LONGEST_NAME] for path in paths], size_of(paths), lambda: remove(paths))


def _row(chore: Chore, dry_run: bool) -> dict[str, Any]:
    more = f" and {len(chore.found) - _SHOWN} more" if len(chore.found) > _SHOWN else ""
    return {
        "chore": chore.name,
        "found": len(chore.found),
        "MiB": round(chore.size / 2**20, 1),
        "done": "nothing to do" if not chore.found else "no: dry run" if dry_run else "yes",
        "which": ", ".join(chore.found[:_SHOWN]) + more,
    }


def _in_words(rows: list[dict[str, Any]], dry_run: bool) -> str:
    found = [f"{row['chore']}: {row['found']}" for row in rows if row["found"]]
    return ("would " if dry_run and found else "") + ("; ".join(found) or "nothing to do")
