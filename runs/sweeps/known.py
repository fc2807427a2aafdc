"""Whether a sweep has been answered already: then nothing starts, neither Prefect nor TensorFlow nor the search."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evergreen.recipe import Recipe
from evergreen.steps import STEPS, Step
from evergreen.sweeping.found import FOUND
from evergreen.sweeping.space import Space
from evergreen.sweeping.values import recipe_of
from runs.plan import nothing_to_do, plan
from runs.run import Entry
from runs.sweeps.place import folder_of, read_last
from runs.sweeps.threads import shared_out
from runs.sweeps.trials import FAILED, PRUNED, REUSED, TRAINED
from storage.artifacts import Ref
from storage.steps.records import Records
from storage.store import Store


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


def steps_of_data() -> Iterable[Step]:
    """Return the rows of the step table before ``train``."""
    names = [step.name for step in STEPS]
    return STEPS[: names.index("train")]


def data_of(space: Space, store: Store) -> Data:
    """Return what a sweep's trainings would take from the steps before them.

    Args:
        space: of the sweep.
        store: what is asked.
    """
    also, _ = shared_out(space)
    base = recipe_of(space.sweep, {}, also=also)
    entries = plan(base, store, steps_of_data())
    outputs = {entry.name: entry.output for entry in entries if entry.output}
    names = {"dataset": "split", "weights": "balance"}
    return Data(base, entries, {name: outputs[step] for name, step in names.items() if step in outputs})


def answered(space: Space, store: Store) -> tuple[Data, dict[str, Any]] | None:
    """Return what a sweep came to when it was asked before, each model still whole; None if anything must be done.

    Args:
        space: of the sweep.
        store: what is asked.
    """
    data = data_of(space, store)
    if not nothing_to_do(data.entries):
        return None
    last = read_last(folder_of(store, space.sweep, data.base, data.inputs))
    if last is None or not last.keys() >= set(FOUND):  # never, or by an earlier version
        return None
    if last["outcome"] != "completed" or last["planned"] != space.trials:
        return None
    records = Records(store)
    for trial in last["trials"]:
        if trial["state"] in (PRUNED, FAILED) and not trial["again"]:
            continue
        if trial["state"] not in (TRAINED, REUSED) or not all(records.read(one["key"]) for one in trial["seeds"]):
            return None
        trial["state"], trial["seconds"] = REUSED, 0.0
        for one in trial["seeds"]:
            one["state"] = REUSED
    return data, last
