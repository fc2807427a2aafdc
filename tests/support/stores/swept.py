"""What a sweep leaves that has ended: records of its trainings, and what it came to. No work."""

from collections.abc import Sequence
from typing import Any

import made_sweeps
from data_steps import Data
from releases import leave_record
from trainings import leave_data, make_trained

from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME
from evergreen.sweeping.space import Space
from evergreen.sweeping.values import recipe_of
from runs.keys import key_parts
from runs.sweeps.known import data_of
from runs.sweeps.place import folder_of, write_last
from storage.artifacts import Ref
from storage.store import Store


def leave_sweep(store: Store, asked: Space, accuracies: Sequence[float], *, whole: bool = False) -> dict[str, Any]:
    """Leave all that a sweep leaves whose trials reached these validation accuracies; return its ``sweep.json``.

    With ``whole`` the steps before its trainings are done, so that a run can tell of them.
    """
    inputs = _done(store, asked.base) if whole else leave_data(store, asked.base)
    trials = []
    for number, (values, accuracy) in enumerate(zip(asked.grid(), accuracies, strict=True)):
        parts = key_parts(BY_NAME["train"], recipe_of(asked.sweep, values), store, inputs)
        model = make_trained(store, parts, [accuracy])
        trial = made_sweeps.trial(number, values, accuracy) | {"again": False}
        seed = {"seed": asked.base.seed, "state": "trained", "val_accuracy": accuracy}
        trials.append(trial | {"seeds": [seed | {"model": model.sha256, "key": parts.key}]})
    over = {path: one.as_json() for path, one in asked.dimensions.items()}
    last = made_sweeps.sweep(trials, over, made_sweeps.answers(trials))
    keep(store, asked, last)
    return last


def _done(store: Store, recipe: Recipe) -> dict[str, Ref]:
    data = Data(store, recipe)
    for name, output in data.outputs.items():
        inputs = {parameter: data.outputs[above] for parameter, above in BY_NAME[name].inputs.items()}
        leave_record(store, key_parts(BY_NAME[name], recipe, store, inputs), output)
    return {"dataset": data.outputs["split"], "weights": data.outputs["balance"]}


def keep(store: Store, asked: Space, last: dict[str, Any]) -> None:
    """Leave what a sweep came to, for the next one that asks the same."""
    data = data_of(asked, store)
    write_last(folder_of(store, asked, data.base, data.inputs), last)
