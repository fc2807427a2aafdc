"""Where a sweep keeps its search, and what it came to last: one folder for each question that may be asked again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME
from evergreen.sweeping.space import Space
from runs.keys import key_parts, libraries_of
from storage.artifacts import Ref
from storage.digests import canonical_json, sha256_bytes
from storage.disk import explained
from storage.store import Store
from storage.upkeep import untouched

_FOLDER, _LAST = "sweeps", "sweep.json"
_OURS = re.compile(r".+-[0-9a-f]{16}")
# What decides which trials there are, and which of them is pruned. How many, how long and how many at once does not:
# the same search goes on. What holds for all trials is in the key of a training, as far as it is part of one.
_QUESTION = ("over", "method", "prune", "seeds", "seed")
_TRAIN = BY_NAME["train"]


def folder_of(store: Store, space: Space, base: Recipe, inputs: Mapping[str, Ref]) -> Path:
    """Return the folder of a sweep: another one where images, code, libraries, or what is asked is another.

    So is it where a value names a file (of weights, of a teacher's recipe) in which other things stand by now.

    Args:
        store: whose folder it is below.
        space: what is asked.
        base: its recipe without a trial's values.
        inputs: of the step ``train``.
    """
    sweep = space.sweep
    train = key_parts(_TRAIN, base, store, inputs).key
    values = [[recipe.choices(_TRAIN.recipe), libraries_of(_TRAIN, recipe)] for _, _, recipe in space.recipes]
    asked = sweep.model_dump(mode="json", include=set(_QUESTION))
    if not sweep.seeds:
        asked["seeds"] = [base.seed]
    # A grid that is drawn in part draws other combinations for another number of trials; a whole one is the same.
    if sweep.method == "grid":
        asked["trials"] = space.trials
    name = sha256_bytes(canonical_json({"train": train, "values": values, **asked}))
    return store.root / _FOLDER / f"{base.name}-{name[:16]}"


def asked(store: Store, folder: Path) -> None:
    """Note that a sweep was asked for, though nothing of it is new: its search stays.

    Args:
        store: whose folder it is.
        folder: as ``folder_of`` returned it.

    Raises:
        StoreUnwritable: the store may not be written.
    """
    with explained(store.root):
        os.utime(folder)


def unasked(store: Store, days: float) -> list[Path]:
    """Return the searches of sweeps that nobody asked for, and nothing was written to, for so many days, sorted.

    Whoever deletes one does so while nobody uses the store (``storage.in_use``), for a sweep that runs uses it.

    Args:
        store: where they lie.
        days: age.
    """
    return [path for path in untouched(store.root / _FOLDER, days) if _OURS.fullmatch(path.name)]


def write_last(folder: Path, found: Mapping[str, Any]) -> None:
    """Keep what a sweep came to, for the next one that asks the same."""
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{_LAST}.part"
    part.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
    part.replace(folder / _LAST)


def read_last(folder: Path) -> dict[str, Any] | None:
    """Return what a sweep came to last; None if it has not ended yet, or what was kept cannot be read."""
    try:
        found = json.loads((folder / _LAST).read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
