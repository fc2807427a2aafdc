"""Trainings of nothing: their keys, models that say why they ended, and what was kept of one that was cut."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from releases import leave_record

from evergreen.recipe import Recipe, load_recipe
from evergreen.steps import BY_NAME
from runs.kept.checkpoints import ENDED
from runs.keys import key_parts
from runs.source import ask_source, context_of_a_plan
from storage.artifacts import Ref
from storage.steps.keys import KeyParts
from storage.steps.records import Records
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


def leave_data(store: Store, recipe: Recipe) -> dict[str, Ref]:
    """Leave records of every step before a training, as runs leave them; return what the training is given.

    The outputs hold nothing but ``classes`` and a table of two images of validation, one of training, one of test.
    """
    found = ask_source(recipe, store, Records(store), context_of_a_plan(store)).manifest
    outputs = {"probe": store.publish(found.kind, {}, found.facts)}
    leave_record(store, key_parts(BY_NAME["probe"], recipe, store, {}), outputs["probe"])
    table = "path,label,sha256,split\na/1,a,1,train\na/2,a,2,validation\nb/1,b,3,validation\nb/2,b,4,test\n"
    files = {"split": {"dataset.csv": table.encode()}, "balance": {"class-weights.json": b"{}", "repeats.json": b"{}"}}
    for name in ("acquire", "unpack", "repair", "screen", "split", "balance"):
        step = BY_NAME[name]
        inputs = {parameter: outputs[above] for parameter, above in step.inputs.items()}
        outputs[name] = store.publish(name, dict(files.get(name, {f"{name}.csv": b""})), {"classes": ["a", "b"]})
        leave_record(store, key_parts(step, recipe, store, inputs), outputs[name])
    return {"dataset": outputs["split"], "weights": outputs["balance"]}


def make_trained(store: Store, parts: KeyParts, accuracies: Sequence[float], **record: Any) -> Ref:
    """Publish a model whose training reached these validation accuracies, an epoch each, and its record."""
    best = max(range(len(accuracies)), key=lambda at: accuracies[at])
    rows = [f"1,{at + 1},0.5,0.9,{1 - one},{one},0.001,{at == best}" for at, one in enumerate(accuracies)]
    table = "\n".join(["phase,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,kept", *rows, ""])
    files = {"model.keras": parts.key.encode(), "history.csv": table.encode(), ENDED: json.dumps(WHOLE).encode()}
    model = store.publish("model", files)
    leave_record(store, parts, model, **record)
    return model
