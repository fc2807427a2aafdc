"""The data steps of a recipe, one after the other, without a flow."""

from dataclasses import replace

import pandas as pd

from evergreen.recipe import Recipe
from evergreen.steps import BY_NAME
from runs import keys
from runs.run import Run
from runs.tables import read_json, read_table
from storage.artifacts import Ref
from storage.store import Store
from tasks.data import acquire, balance, probe, repair, screen, split, unpack

STEPS = {"probe": probe, "acquire": acquire, "unpack": unpack, "repair": repair, "screen": screen, "split": split,
         "balance": balance}  # fmt: skip


class Data:
    """What the data steps made of a recipe's source, up to one of them."""

    def __init__(self, store: Store, recipe: Recipe, last: str = "balance") -> None:
        self.store = store
        self.outputs: dict[str, Ref] = {}
        self.keys: dict[str, str] = {}
        run = Run(store, recipe, "run", recipe.name)
        for name, module in STEPS.items():
            step = BY_NAME[name]
            inputs = {parameter: self.outputs[above] for parameter, above in step.inputs.items()}
            scoped = replace(run, recipe=keys.only(recipe, step.recipe))
            self.keys[name] = keys.key_parts(step, recipe, store, inputs).key
            self.outputs[name] = getattr(module, name).fn(scoped, **inputs)
            if name == last:
                break

    def table(self, step: str, name: str = "dataset.csv") -> pd.DataFrame:
        return read_table(self.store, self.outputs[step], name)

    @property
    def counts(self) -> dict[str, int]:
        return self.table("split").groupby("split").size().to_dict()

    @property
    def per_class(self) -> dict[tuple[str, str], int]:
        return self.table("split").groupby(["label", "split"]).size().to_dict()

    @property
    def weights(self) -> dict[str, float]:
        return dict(read_json(self.store, self.outputs["balance"], "class-weights.json"))
