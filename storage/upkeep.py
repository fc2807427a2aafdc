"""Upkeep of a store: what is damaged, which runs are old, which work in progress nobody took up.

Only ``remove`` deletes. Whole blobs and artifacts are never among what is found: a record may name them.
"""

import json
import shutil
import time
from collections.abc import Collection, Iterable
from pathlib import Path

from storage.digests import sha256_file
from storage.errors import StoreError
from storage.store import Store

_DAY = 86_400.0


def damaged(store: Store) -> list[Path]:
    """Read every byte of a store and return the blobs and manifests that were altered after they were published."""
    files = (path for folder in ("blobs", "manifests") for path in (store.root / folder).glob("??/*"))
    return sorted(path for path in files if sha256_file(path) != path.name)


def incomplete(store: Store) -> dict[str, str]:
    """Return {digest of an artifact: which of its files is not stored}; a step that needs one makes it again."""
    found = {}
    for digest in store.artifacts():
        try:
            files = store.manifest(digest).files
        except StoreError:
            continue  # damaged itself
        missing = [name for name, blob in files.items() if not store.has_blob(blob)]
        if missing:
            found[digest] = missing[0] + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
    return found


def old_runs(store: Store, days: float, keep: int, needed: Collection[str] = ()) -> list[Path]:
    """Return the folders of old runs, but for those of each recipe's newest ``keep`` completed ones.

    Args:
        store: whose runs they are.
        days: age, by the time at which ``run.json`` was written.
        keep: how many completed runs of a recipe stay however old they are, at least 1.
        needed: digests of artifacts, as of champions; the runs that gave them stay too.
    """
    kept: dict[str, int] = {}
    found = []
    for path in sorted((store.root / "runs").glob("*/run.json"), reverse=True):
        try:
            summary = json.loads(path.read_text(encoding="utf-8"))
            recipe, completed = summary["recipe"], summary["outcome"] == "completed"
            outputs = {step["output"] for step in summary.get("steps", ())}
        except (OSError, ValueError, KeyError):
            continue  # not one of ours
        if completed:
            kept[recipe] = kept.get(recipe, 0) + 1
        if completed and (kept[recipe] <= max(keep, 1) or outputs.intersection(needed)):
            continue
        if _age_days(path) > days:
            found.append(path.parent)
    return sorted(found)


def untouched(folder: Path, days: float, in_use: Collection[str] = ()) -> list[Path]:
    """Return what lies in a folder and was not written to for ``days``, sorted.

    Args:
        folder: each file or folder directly in it counts as one, with the newest of its files.
        days: age.
        in_use: beginnings of names that stay however old they are.
    """
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in entries if not path.name.startswith(tuple(in_use)) and _age_days(path) > days]


def size_of(paths: Iterable[Path]) -> int:
    """Return how many bytes files, and folders with all in them, take."""
    return sum(file.stat().st_size for path in paths for file in (path, *path.rglob("*")) if file.is_file())


def remove(paths: Iterable[Path]) -> None:
    """Delete files, and folders with all in them."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _age_days(path: Path) -> float:
    newest = max(file.stat().st_mtime for file in (path, *path.rglob("*")))
    return (time.time() - newest) / _DAY
