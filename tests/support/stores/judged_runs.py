"""Runs that judged images, made of tables alone."""

from collections.abc import Mapping
from typing import Any

from releases import leave_record

from evergreen.recipe import load_recipe
from storage.digests import sha256_bytes
from storage.runs import run_folder, write_summary
from storage.steps.keys import KeyParts
from storage.store import Store

MEASURED = {"accuracy_low": 0.1, "accuracy_high": 0.9, "loss": 1.0, "loss_low": 0.9, "loss_high": 1.1, "count": 4}
FIRST = {"a1": "a0.9", "a2": "b0.8", "b1": "b", "b2": "b0.6"}
SECOND = {"a1": "a", "a2": "a0.7", "b1": "a0.9", "b2": "a0.95"}
_HEADER = "path,label,split,predicted,probability,loss"


def leave(
    store: Store,
    run: str,
    answers: Mapping[str, str],
    *,
    split: str = "test",
    classes: str = "ab",
    pictures: Mapping[str, bytes] | None = None,
    **values: Any,
) -> str:
    """Leave a run that judged images, and return its id.

    Args:
        store: where.
        run: its id; the code of one module depends on its first letter, the version of a library on its last.
        answers: name of an image, whose first letter is its label -> a letter, and maybe its probability.
        split: which images those are; one of train is beside them.
        classes: their letters.
        pictures: name -> bytes of those that the store shall have.
        values: overrides of the recipe digits.
    """
    digests = {name: sha256_bytes((pictures or {}).get(name, name.encode())) for name in (*answers, "z")}
    for data in (pictures or {}).values():
        store.put_blob(data)
    table = ["path,label,sha256", *(f"{name}.png,{name[0]},{digest}" for name, digest in digests.items())]
    said = [f"{name}.png,{name[0]},{split},{told[0]},{told[1:] or '0.5'},1.0" for name, told in answers.items()]
    about = {"classes": list(classes)}
    dataset = store.publish("dataset", {"dataset.csv": _lines(*table)}, about)
    evaluation = store.publish("evaluation", {"predictions.csv": _lines(_HEADER, *said, "z.png,a,train,a,1,0")}, about)
    parts = KeyParts("evaluate", 1, {}, {}, {"evergreen.a": run[:1], "evergreen.b": "b"}, {"numpy": f"1.{run[-1]}"})
    leave_record(store, parts, evaluation)
    steps = [("split", dataset.sha256, None), ("evaluate", evaluation.sha256, parts.key)]
    return write(store, run, steps, {split: MEASURED | {"accuracy": 0.5}}, **values)


def write(store: Store, run: str, steps: Any = (), metrics: Mapping[str, Any] | None = None, **values: Any) -> str:
    """Leave the run.json of a run that came to some steps (name, output, key), or failed before, and return its id."""
    settings = load_recipe("digits", [f"{name}={value}" for name, value in values.items()]).values()
    summary = {
        "id": run,
        "recipe": "digits",
        "outcome": "completed" if steps else "failed",
        "steps": [{"name": name, "output": output, "key": key} for name, output, key in steps],
        "settings": settings,
        "metrics": dict(metrics or {}),
    }
    run_folder(store, run).mkdir(parents=True)
    write_summary(store, summary)
    return run


def _lines(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
