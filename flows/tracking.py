"""Tell the trackers that a recipe names of a run, at its end; a tracker that fails does not fail the run."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evergreen.errors import TrackingFailed
from evergreen.reports.labels import changes_of
from evergreen.tracking import mlflow_log, tensorboard_log
from flows.say import say
from runs.run import Run
from runs.tables import classes_of, read_json, read_table
from storage.artifacts import Ref
from storage.champions import Champions
from storage.runs import run_folder


def track(run: Run, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Log a run that trained, or took up, a model, and return how the trackers name it.

    Args:
        run: with its journal.
        summary: what ``run.json`` says.

    Returns:
        ``mlflow``: run_id, version, uri and the champion's version, or ``error``; ``tensorboard``: the folder. Empty if
        nothing is tracked.
    """
    settings = run.recipe.track
    outputs = {name: entry.output for name, entry in run.journal.entries.items() if entry.output}
    if "report" not in outputs:
        return {}
    told: dict[str, Any] = {}
    if settings.tensorboard:
        folder = run_folder(run.store, run.id) / "tensorboard"
        tensorboard_log.write(read_table(run.store, outputs["train"], "history.csv"), folder)
        told["tensorboard"] = str(folder)
    if settings.mlflow:
        try:
            with tempfile.TemporaryDirectory(dir=run_folder(run.store, run.id)) as scratch:
                told["mlflow"] = mlflow_log.tell(settings.mlflow, _told(run, summary, outputs, Path(scratch)))
            if champion := Champions(run.store.root).state(run.recipe.name).champion:
                told["mlflow"]["champion"] = mlflow_log.name_champion(settings.mlflow, run.recipe.name, champion.model)
        except TrackingFailed as error:
            told["mlflow"] = {"error": str(error)}
            say(str(error))
    return told


def _told(run: Run, summary: Mapping[str, Any], outputs: dict[str, Ref], scratch: Path) -> mlflow_log.Told:
    store, folder = run.store, run_folder(run.store, run.id)
    store.materialise(outputs["train"], scratch)
    files = {f"model/{path.name}": path for path in scratch.glob("*.keras")}
    files |= {name: folder / name for name in ("report.html", "run.json") if (folder / name).is_file()}
    exports = folder / "exports"
    for path in sorted(exports.rglob("*")):
        if path.is_file():
            files[f"exports/{path.relative_to(exports).as_posix()}"] = path
    counts = read_table(store, outputs["split"])["split"].value_counts().to_dict()
    changed = {kind: len(folders) for kind, folders in changes_of(summary["labels"]).items()}
    dataset = {"digest": outputs["split"].sha256, "classes": classes_of(store, outputs["split"]), "folders": changed}
    return mlflow_log.Told(
        recipe=run.recipe.name,
        run=run.id,
        model=outputs["train"].sha256,
        settings=run.recipe.model_dump(mode="json"),
        digests={step: ref.sha256 for step, ref in outputs.items()},
        dataset=dataset | {f"images.{split}": int(count) for split, count in counts.items()},
        history=read_table(store, outputs["train"], "history.csv"),
        metrics=read_json(store, outputs["evaluate"], "metrics.json") | _beside(summary),
        files=files,
    )


def _beside(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run measured beside its splits: test-time views, and a linear probe; where it did."""
    found = {"views": summary.get("metrics", {}).get("views"), "baseline": summary.get("baseline")}
    return {name: values for name, values in found.items() if values}
