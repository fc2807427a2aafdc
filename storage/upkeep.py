"""Upkeep of a store: what is damaged, which runs are old, which work in progress nobody took up.

Only ``remove`` and ``discard`` delete. Whole blobs and artifacts are never among what is found here: for them,
storage.garbage asks first who needs them. What another process removes meanwhile is passed over.
"""

import contextlib
import os
import shutil
import stat
import time
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path

from storage.digests import sha256_file
from storage.errors import StoreError
from storage.runs import FILE, run_folder, summaries
from storage.store import Store

_DAY = 86_400.0


def damaged(store: Store) -> list[Path]:
    """Read every byte of a store and return the blobs and manifests that were altered after they were published."""
    files = (path for folder in ("blobs", "manifests") for path in (store.root / folder).glob("??/*"))
    return sorted(path for path in files if _is_altered(path))


def _is_altered(path: Path) -> bool:
    try:
        return sha256_file(path) != path.name
    except FileNotFoundError:
        return False


def incomplete(store: Store) -> dict[str, str]:
    """Return {digest of an artifact: which of its files is not stored}; a step that needs one makes it again."""
    found = {}
    for digest in store.artifacts():
        try:
            files = store.manifest(digest).files
        except StoreError:
            continue  # damaged itself
        missing = [name for name, blob in files.items() if not store.has_blob(blob)]
        if missing and store.manifest_path(digest).exists():  # else both went meanwhile: manifests go before blobs
            found[digest] = missing[0] + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
    return found


def old_runs(store: Store, days: float, keep: int, needed: Collection[str] = ()) -> list[Path]:
    """Return the folders of old runs, but for those of each recipe's newest ``keep`` completed ones.

    Args:
        store: whose runs they are.
        days: age, by the time at which ``run.json`` was written.
        keep: how many completed runs of a recipe stay however old they are, at least 1.
        needed: digests of artifacts, as of champions; the newest completed run that gave each stays too.
    """
    kept: dict[str, int] = {}
    lacking = set(needed)
    found = []
    for summary in summaries(store):
        recipe = summary["recipe"]
        if summary["outcome"] == "completed":
            kept[recipe] = kept.get(recipe, 0) + 1
            told = lacking.intersection(step["output"] for step in summary["steps"])
            lacking -= told
            if kept[recipe] <= max(keep, 1) or told:
                continue
        folder = run_folder(store, summary["id"])
        if age_days(folder / FILE) > days:
            found.append(folder)
    return sorted(found)


def untouched(folder: Path, days: float, in_use: Collection[str] = ()) -> list[Path]:
    """Return what lies in a folder and was not written to for ``days``, sorted.

    Args:
        folder: each file or folder directly in it counts as one, with the newest of its files.
        days: age.
        in_use: beginnings of names that stay however old they are.
    """
    entries: list[Path] = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        entries = sorted(folder.iterdir())
    return [path for path in entries if not path.name.startswith(tuple(in_use)) and age_days(path) > days]


def size_of(paths: Iterable[Path]) -> int:
    """Return how many bytes files, and folders with all in them, take; what a link leads to is not in them."""
    return sum(found.st_size for path in paths for _, found in below(path) if stat.S_ISREG(found.st_mode))


def remove(paths: Iterable[Path]) -> None:
    """Delete files, links, and folders with all in them."""
    for path in paths:
        while path.is_dir() and not path.is_symlink():
            with contextlib.suppress(FileNotFoundError):  # something in it: go on with the rest
                shutil.rmtree(path)
        path.unlink(missing_ok=True)


def discard(store: Store, paths: Iterable[Path]) -> None:
    """Delete folders of a store, each as one: killed in between, no half of one is left where somebody looks.

    Raises:
        StoreUnwritable: the store may not be written.
    """
    with store.workspace() as scratch:
        for number, path in enumerate(paths):
            with contextlib.suppress(FileNotFoundError):
                path.rename(scratch / str(number))


def age_days(path: Path) -> float:
    """Return how many days ago a file, or the newest of a folder and all in it, was written."""
    newest = max((found.st_mtime for _, found in below(path)), default=time.time())
    return (time.time() - newest) / _DAY


def below(path: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield path and status of a file or link, or of a folder and all in it; what goes meanwhile is passed over."""
    inside = os.walk(path) if path.is_dir() and not path.is_symlink() else ()  # rglob may raise where a folder goes
    names = (os.path.join(folder, name) for folder, folders, files in inside for name in (*folders, *files))  # noqa: PTH118
    for name in chain([str(path)], names):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            yield name, os.lstat(name)
