"""What a run says of its labels: in run.json, and at the end in the terminal. Knows no Prefect."""

from collections.abc import Mapping
from typing import Any

from evergreen.datasets.deciding.undecided import undecided
from evergreen.decisions.decision import Decision
from runs.tables import DIAGNOSIS, SUSPECTS, read_json, read_rows, read_table
from storage.artifacts import Ref
from storage.store import Store

# How a run ends that was asked for a diagnosis alone.
DIAGNOSED = "diagnosed"
_FIRST = 12


def diagnosis_of(store: Store, outputs: Mapping[str, Ref], made: Mapping[str, Decision]) -> dict[str, Any] | None:
    """Return what the step ``diagnose`` of a run found, as docs/run-json.md describes it; None if it did not run.

    Args:
        store: where bytes rest.
        outputs: step -> what it published.
        made: SHA-256 -> what people decided about that image, as far as the run knew.
    """
    if "diagnose" not in outputs:
        return None
    facts: dict[str, Any] = read_json(store, outputs["diagnose"], DIAGNOSIS)
    rows = suspects_of(store, outputs["diagnose"])
    left = undecided(rows, made)
    return facts | {
        "suspects": outputs["diagnose"].sha256,
        "decided": len(rows) - len(left),
        "first": left[:_FIRST],
        "not_suspect": not_suspect(store, outputs),
    }


def suspects_of(store: Store, diagnosed: Ref) -> list[dict[str, Any]]:
    """Return the rows of ``suspects.csv``, the best to look at first on top, ranks and confidences as numbers."""
    return [
        {**row, "rank": int(row["rank"]), "confidence": float(row["confidence"])}
        for row in read_rows(store, diagnosed, SUSPECTS)
    ]


def not_suspect(store: Store, outputs: Mapping[str, Ref]) -> dict[str, Any] | None:
    """Return the model's accuracy on judged images that are not suspect; None if the run did not come so far."""
    if not {"evaluate", "diagnose", "split"} <= set(outputs):
        return None
    from evergreen.diagnosing.beside import beside  # late: NumPy, without which commands begin sooner

    evaluation, diagnosed = outputs["evaluate"], outputs["diagnose"]
    predictions = read_table(store, evaluation, "predictions.csv")
    digests = read_table(store, outputs["split"])[["path", "sha256"]]
    return beside(
        read_json(store, diagnosed, DIAGNOSIS),
        read_table(store, diagnosed, SUSPECTS),
        predictions.drop(columns="sha256", errors="ignore").merge(digests, on="path"),
        store.manifest(evaluation.sha256).facts["judged"],
    )
