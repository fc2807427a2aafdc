"""What a run says of its folds: in run.json, and a line a fold while they go on. Knows no Prefect."""

from collections.abc import Mapping
from typing import Any

from runs.run import Entry, Run
from runs.tables import read_json, read_rows
from storage.artifacts import Ref
from storage.store import Store

# How a run ends that was asked for folds alone.
CROSS_VALIDATED = "cross-validated"


def folds_of(run: Run, outputs: Mapping[str, Ref]) -> dict[str, Any] | None:
    """Return what the folds of a run found together, each with its seconds; None if it did not come so far.

    Args:
        run: with its journal.
        outputs: step -> what it published.

    Returns:
        What ``pooled_folds`` returns, and in each entry of ``by_fold`` ``seconds`` of training and
        ``features_seconds``, which are paid once for all folds: null where no record tells.
    """
    if "folds" not in outputs:
        return None
    found = pooled_folds(run.store, outputs["folds"])
    for row in found["by_fold"]:
        row |= _seconds(run, run.journal.entries[f"fold {row['fold']}"])
    return found


def pooled_folds(store: Store, folds: Ref) -> dict[str, Any]:
    """Return what the step ``folds`` found: what ``judging.folds.Pooled.as_json`` returned, with ``per_class``."""
    found: dict[str, Any] = read_json(store, folds, "folds.json")
    shares = ("precision", "recall", "f1")
    return found | {
        "per_class": [
            {"label": row["label"], **{name: float(row[name]) for name in shares}, "count": int(row["count"])}
            for row in read_rows(store, folds, "per_class.csv")
        ]
    }


def fold_in_words(run: Run, number: int) -> str:
    """Return one line about a fold that has ended: how many of its images are right, and how long it trained.

    Args:
        run: with its journal.
        number: of the fold, from 1.
    """
    entry = run.journal.entries[f"fold {number}"]
    if entry.output is None:
        raise LookupError(f"{entry.name} did not end")
    rows = list(read_rows(run.store, entry.output, "predictions.csv", ("label", "predicted")))
    right = sum(row["label"] == row["predicted"] for row in rows)
    seconds = _seconds(run, entry)["seconds"]
    took = "" if seconds is None else f", {seconds:.0f} s of training"
    again = ", reused" if entry.state == "reused" else ""
    return (
        f"fold {number} of {run.recipe.evaluate.folds}: accuracy {right / len(rows):.2%}, {right:,} of {len(rows):,} "
        f"images{took}{again}"
    )


def _seconds(run: Run, entry: Entry) -> dict[str, float | None]:
    """Return how long a fold took: that is in its record, for it differs each time."""
    record = run.records.read(entry.key) if entry.key else None
    measured = record.measured if record else {}
    return {"seconds": measured.get("training_seconds"), "features_seconds": measured.get("features_seconds")}
