"""Trainings of nothing: their keys, models that say why they ended, and what was kept of one that was cut."""

import json
from pathlib import Path
from typing import Any

from releases import leave_record

from evergreen.recipe import load_recipe
from evergreen.steps import BY_NAME
from runs.kept.checkpoints import ENDED
from runs.keys import key_parts
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.store import Store

PHASES = [{"phase": 1, "epochs": 3, "of": 10, "midway": True, "why": "time limit"}]
CUT = {"why": "time limit", "phases": PHASES}
WHOLE = {"why": "epochs", "phases": [{"phase": 1, "epochs": 10, "of": 10, "midway": False, "why": "epochs"}]}


def inputs_of_train(store: Store) -> dict[str, Ref]:
    """Publish what a training of next to nothing takes."""
    return {"dataset": store.publish("dataset", {"dataset.csv": b""}), "weights": store.publish("weights", {"w": b""})}


def parts_of_train(store: Store, *overrides: str) -> KeyParts:
    """Return the parts of the key of such a training, of the recipe digits with other values."""
    return key_parts(BY_NAME["train"], load_recipe("digits", overrides), store, inputs_of_train(store))


def make_model(store: Store, parts: KeyParts, ended: dict[str, Any] | None) -> Ref:
    """Publish a model that says why its training ended, and the record of that training."""
    model = store.publish("model", {"model.keras": b"m"} | ({ENDED: json.dumps(ended).encode()} if ended else {}))
    made_by = {"dataset": "split", "weights": "balance"}
    inputs = {made_by[name]: ref.sha256 for name, ref in inputs_of_train(store).items()}
    leave_record(store, parts, model, inputs=inputs)
    return model


def keep_a_state(folder: Path) -> None:
    """Leave a checkpoint in a training's folder."""
    folder.mkdir(parents=True)
    (folder / "1-a.npz").write_bytes(b"state")
