"""Whether a sweep has been answered already: then nothing starts, neither Prefect nor TensorFlow nor the search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evergreen.recipe import Recipe
from evergreen.steps import OF_DATA
from evergreen.sweeping.found import FOUND
from evergreen.sweeping.space import Space
from evergreen.sweeping.states import FAILED, PRUNED, REUSED, TRAINED
from evergreen.sweeping.values import recipe_of
from runs.plan import nothing_to_do, plan
from runs.run import Entry
from runs.sweeps.foreseen import inputs_by_plan, inputs_in, key_of
from runs.sweeps.place import asked, folder_of, read_last
from runs.sweeps.threads import shared_out
from storage.artifacts import Ref
from storage.steps.records import Records
from storage.store import Store

_NEEDED = {*FOUND, "outcome", "planned", "trials", "notes", "over", "validation"}


@dataclass(frozen=True)
class Data:
    """What the steps before a training would do.

    Attributes:
        base: the sweep's recipe without a trial's values.
        entries: one a step.
        inputs: ``dataset`` and ``weights``, as far as they are known.
    """

    base: Recipe
    entries: list[Entry]
    inputs: dict[str, Ref]


def data_of(space: Space, store: Store) -> Data:
    """Return what a sweep's trainings would take from the steps before them.

    Args:
        space: of the sweep.
        store: what is asked.
    """
    also, _ = shared_out(space)
    base = recipe_of(space.sweep, {}, also=also)
    entries = plan(base, store, OF_DATA)
    return Data(base, entries, inputs_in(entries))


def answered(space: Space, store: Store) -> tuple[Data, dict[str, Any]] | None:
    """Return what a sweep came to when it was asked before, each model still whole; None if anything must be done.

    One that is answered is noted as asked for: its search stays.

    Args:
        space: of the sweep.
        store: what is asked.
    """
    data = data_of(space, store)
    if not nothing_to_do(data.entries):
        return None
    folder = folder_of(store, space, data.base, data.inputs)
    last = read_last(folder)
    if last is None or not last.keys() >= _NEEDED:  # never, or by an earlier version
        return None
    if last["outcome"] != "completed" or last["planned"] != space.trials:
        return None
    if last["lead"] and last["lead"]["p_value"] is None:  # the two could not be asked then; now they may be
        return None
    records, keys = Records(store), _Keys(space, store)
    for trial in last["trials"]:
        if trial["state"] in (PRUNED, FAILED) and not trial["again"]:
            if trial["seeds"] and keys.of(trial["values"], trial["seeds"][-1]["seed"]) != trial["seeds"][-1]["key"]:
                return None
            continue
        if trial["state"] not in (TRAINED, REUSED):
            return None
        if not all(keys.of(trial["values"], one["seed"]) == one["key"] for one in trial["seeds"]):
            return None  # a training is another than it was: a file that a value names, say
        if not all(records.read(one["key"]) for one in trial["seeds"]):
            return None
        trial["state"], trial["seconds"] = REUSED, 0.0
        for one in trial["seeds"]:
            one["state"] = REUSED
    asked(store, folder)
    return data, last


class _Keys:
    """The keys that trials have now."""

    def __init__(self, space: Space, store: Store) -> None:
        self._space, self._store = space, store
        self._also, _ = shared_out(space)
        self._inputs_of = inputs_by_plan(store)

    def of(self, values: Mapping[str, Any], seed: int) -> str | None:
        """Return the key of a training; None if what it is given is not known."""
        recipe = recipe_of(self._space.sweep, values, seed, self._also)
        return key_of(recipe, self._space.base.seed, self._store, self._inputs_of)
