"""Runs as they lie in a store, with tables of shortcuts that a test writes down."""

from typing import Any

from evergreen.judging.leaning import told
from evergreen.recipe import Recipe, load_recipe
from storage.runs import run_folder, write_summary
from storage.store import Store

DIGITS = load_recipe("digits")


def row(name: str, lost: float | None = 0.3) -> dict[str, Any]:
    """Return one change of the table of shortcuts; below 6 points a model does not lean on it."""
    leans = "it" if lost and lost > 0.06 else ""
    near = {"lost_low": lost and lost - 0.01, "lost_high": lost and lost + 0.01}
    right = lost and 0.95 - lost
    near |= {"accuracy_low": right and right - 0.03, "accuracy_high": right and right + 0.04}
    measured = {"count": 100, "before": 0.95, "accuracy": right, "lost": lost, **near}
    return {"name": name, "detail": "changed", "leans_on": leans, **measured}


def ended(store: Store, number: int, recipe: Recipe, rows: list[dict[str, Any]], **more: Any) -> str:
    """Write the run.json of a run, and return its id."""
    run = f"20260101-00000{number}-abcdef"
    run_folder(store, run).mkdir(parents=True)
    summary = {
        "id": run, "recipe": recipe.name, "outcome": "completed", "steps": [], "settings": recipe.values(),
        "shortcuts": told(100, rows), **more,
    }  # fmt: skip
    write_summary(store, summary)
    return run


def dataset_and_answers(store: Store, wrong: int, beginning: str = "0") -> dict[str, Any]:
    """Publish 100 judged images, the first so many answered wrong; return what run.json says of it."""
    paths = [f"a/{number}.png" for number in range(100)]
    digests = [f"{beginning}{number:063d}" for number in range(100)]
    rows = "".join(f"{path},{digest},a,test\n" for path, digest in zip(paths, digests, strict=True))
    table = f"path,sha256,label,split\n{rows}"
    images = store.publish("dataset", {"dataset.csv": table.encode()}, {"classes": ["a", "b"]})
    answers = "".join(f"{path},a,test,{'ab'[number < wrong]},0.9\n" for number, path in enumerate(paths))
    table = f"path,label,split,predicted,probability\n{answers}"
    said = store.publish("evaluation", {"predictions.csv": table.encode()})
    steps = [{"name": name, "output": ref.sha256} for name, ref in (("split", images), ("evaluate", said))]
    share = 1 - wrong / 100
    metrics = {"accuracy": share, "accuracy_low": share - 0.1, "accuracy_high": share + 0.1, "count": 100}
    return {"steps": steps, "metrics": {"test": metrics}}
