"""What a run leaves for people and programs: run.json, the report and the exports as ordinary files."""

from itertools import islice
from pathlib import Path
from typing import Any

from evergreen.errors import BadInput
from evergreen.images.backgrounds.told import words as backgrounds_in_words
from evergreen.judging.advice import lines
from evergreen.judging.baseline import beside
from evergreen.judging.ended import with_words
from evergreen.judging.leaning import told
from evergreen.judging.taught import words
from evergreen.recipe import Recipe
from evergreen.reports.this_run import fill_in
from evergreen.sections.refusing.told import TRY
from evergreen.vision.formats.catalogue.names import INT8
from runs.kept.checkpoints import why_ended
from runs.releases import by_hand
from runs.run import Run
from runs.shared.sharing import share
from runs.standing import promoted_by
from runs.summaries.diagnosis import diagnosis_of
from runs.summaries.drift import drift_section
from runs.summaries.folds import folds_of
from runs.summaries.grouping import the_other_way
from runs.summaries.int8 import int8_of
from runs.summaries.judged import calibration_of, verdict_of
from runs.summaries.labels import classes_and_labels, images_by_source
from runs.summaries.sweep import sweep_of
from runs.tables import (
    SUSPECTS,
    read_backgrounds,
    read_baseline,
    read_json,
    read_notes,
    read_table,
    read_taught,
    read_views,
)
from storage.artifacts import Blob, Ref
from storage.digests import canonical_json, sha256_bytes
from storage.disk import explained
from storage.exports import link, show
from storage.identity import whereabouts
from storage.runs import read_summary, run_folder, summaries, summary_file, write_summary
from storage.store import Store

_SPEED = ("load_seconds", "median_ms", "p95_ms")


def finish(run: Run, outcome: str, error: str | None = None) -> dict[str, Any]:
    """Write the run's folder and return what ``run.json`` says.

    Args:
        run: with its journal.
        outcome: completed, not retrained, failed or cancelled; of an inspection, what it was.
        error: why it failed, in words.

    Raises:
        StoreUnwritable: the disk is full, or the folder may not be written.
    """
    with explained(run.store.root):
        return _finish(run, outcome, error)


def _finish(run: Run, outcome: str, error: str | None) -> dict[str, Any]:
    folder = run_folder(run.store, run.id)
    folder.mkdir(parents=True, exist_ok=True)
    entries = run.journal.entries
    outputs = {name: entry.output for name, entry in entries.items() if entry.output}
    exports = _entries(run, outputs, folder)
    classes, labels = classes_and_labels(run.store, outputs)
    comparison = _comparison(run, outputs)
    summary: dict[str, Any] = {
        "id": run.id,
        "recipe": run.recipe.name,
        "flow": run.journal.flow,
        "outcome": outcome,
        "store": whereabouts(run.store.root),
        "steps": [entry.as_json() for entry in entries.values()],
        "decision": run.journal.decision,
        "drift": run.journal.drift,
        "classes": classes,
        "labels": labels,
        "class_changes": run.journal.class_changes,
        "refused": run.journal.refused,
        "training": run.journal.training or _training(run.store, outputs),
        "metrics": _metrics(run.store, outputs),
        "baseline": _baseline(run.store, outputs),
        "verdict": verdict_of(run.store, run.recipe, outputs, comparison),
        "calibration": calibration_of(run.store, outputs),
        "shortcuts": _shortcuts(run.store, outputs),
        "diagnosis": diagnosis_of(run.store, outputs, run.recipe.decisions.made),
        "folds": folds_of(run, outputs),
        "exports": exports,
        "comparison": comparison,
        "promoted": promoted_by(run),
        "settings": run.recipe.values(),
        "cache": run.journal.no_room,
        "remarks": [*run.recipe.remarks, *run.journal.remarks],
        "notes": [
            note for step in ("split", "deal") if step in outputs for note in read_notes(run.store, outputs[step])
        ],
    }
    if sources := images_by_source(run.store, outputs):
        summary["sources"] = sources
    if grouping := the_other_way(run.store, summary):
        summary["grouping"] = grouping
    if run.journal.cure:
        from runs.curing.beside import cured  # late: it looks at finished runs, whose summaries are made here

        summary["cure"] = cured(run.store, run.journal.cure, summary)
    if run.journal.sweep:
        summary["sweep"] = sweep_of(run.journal.sweep)
    if error:
        summary["error"] = error
    if exports and (edited := _show_exports(run.store, outputs["export"], exports, folder)):
        summary["edited_exports"] = str(edited)
    if "diagnose" in outputs:
        (folder / SUSPECTS).write_bytes(run.store.read(outputs["diagnose"], SUSPECTS))
    if "report" in outputs:
        run.store.materialise(outputs["report"], folder)
        page = folder / "report.html"
        of_this_run = (
            run.id,
            summary["steps"],
            summary["settings"],
            summary["exports"],
            grouping["words"] if grouping else "",
            comparison["standing"] if comparison else "",
            lines(summary["verdict"].get("to_try", ())),
            summary["cache"],
            drift_section(run.store, run.journal.drift),
            summary.get("cure"),
        )
        filled = fill_in(by_hand(page.read_text("utf-8"), run.id).encode(), *of_this_run)
        page.write_bytes(filled)
    if shared := share(run, pushes=outcome != "cancelled"):
        summary["remote"] = shared
    write_summary(run.store, summary)
    return summary


def is_tracked(store: Store, recipe: Recipe, model: str) -> bool:
    """Whether an earlier run of the recipe told its MLflow of this model; yes if the recipe names none."""
    uri = recipe.track.mlflow
    return uri is None or any(
        output_of(summary, "train") == model and told.get("uri") == uri and told.get("run_id")
        for summary in summaries(store, recipe.name)
        if (told := summary.get("tracking", {}).get("mlflow"))
    )


def newest_run(store: Store, recipe: str | None, output: str | None = None) -> dict[str, Any] | None:
    """Return ``run.json`` of the newest completed run (of one recipe; that gave this artifact), or None."""
    for summary in summaries(store, recipe):
        outputs = [step["output"] for step in summary["steps"]]
        if summary["outcome"] == "completed" and (output is None or output in outputs):
            return summary
    return None


def run_summary(store: Store, run_id: str | None) -> dict[str, Any]:
    """Return ``run.json`` of a run; None means the newest that completed.

    Raises:
        BadInput: there is no such run, or its ``run.json`` is torn or not ours.
    """
    if run_id is None:
        if newest := newest_run(store, None):
            return newest
        raise BadInput(f"expected a run in {store.root}, found none\n{TRY}evergreen retrain digits")
    if summary := named_run(store, run_id):
        return summary
    known = [summary["id"] for summary in islice(summaries(store), 5)]
    there = f"the newest are: {', '.join(known) or 'none'}"
    raise BadInput(f"expected the id of a run, received {run_id!r}; {there}\n{TRY}evergreen runs")


def named_run(store: Store, ref: str) -> dict[str, Any] | None:
    """Return ``run.json`` of the run whose id a reference is, or None if it is no run's.

    Raises:
        BadInput: it is a run's, but its ``run.json`` is torn or not ours.
    """
    if summary := read_summary(store, ref):
        return summary
    if path := summary_file(store, ref):
        raise BadInput(f"expected what a run wrote of itself, found something else in {path}; name another run")
    return None


def output_of(summary: dict[str, Any], step: str) -> str | None:
    """Return the digest of what a step of a finished run published."""
    found = [entry["output"] for entry in summary["steps"] if entry["name"] == step]
    return found[0] if found else None


def _training(store: Store, outputs: dict[str, Ref]) -> dict[str, Any] | None:
    """Return how the training of the run's model went, in this run or in an earlier one.

    Why it ended, who taught it, and how many images had other backgrounds.
    """
    ended = why_ended(store, outputs["train"]) if "train" in outputs else None
    if not ended:
        return None
    found = with_words(ended)
    if taught := read_taught(store, outputs["train"]):
        found["teacher"] = {**taught, "words": words(taught)}
    if behind := read_backgrounds(store, outputs["train"]):
        found["backgrounds"] = {**behind, "words": backgrounds_in_words(behind)}
    return found


def _metrics(store: Store, outputs: dict[str, Ref]) -> dict[str, Any]:
    """Return what every split's images say of the model, and under ``views`` the judged ones with test-time views."""
    metrics = _of_evaluation(store, outputs, "metrics.json")
    views = read_views(store, outputs["evaluate"]) if "evaluate" in outputs else None
    return metrics | ({"views": views} if views else {})


def _baseline(store: Store, outputs: dict[str, Ref]) -> dict[str, Any] | None:
    """Return how the model stands beside a linear probe; None if the run did not come so far."""
    if not {"evaluate", "baseline"} <= set(outputs):
        return None
    predictions = read_table(store, outputs["evaluate"], "predictions.csv")
    return beside(read_baseline(store, outputs["baseline"]), predictions)


def _of_evaluation(store: Store, outputs: dict[str, Ref], name: str) -> dict[str, Any]:
    return read_json(store, outputs["evaluate"], name) if "evaluate" in outputs else {}


def _shortcuts(store: Store, outputs: dict[str, Ref]) -> dict[str, Any]:
    """Return what the model leans on; empty if the run did not come so far."""
    return told(**read_json(store, outputs["evaluate"], "shortcuts.json")) if "evaluate" in outputs else {}


def _comparison(run: Run, outputs: dict[str, Ref]) -> dict[str, Any] | None:
    """Return what became of the run's release: its standing and the comparison; None if the run did not come so far."""
    if "compare" not in outputs or "promote" not in outputs:
        return None
    comparison: dict[str, Any] = read_json(run.store, outputs["compare"], "comparison.json")
    for said, key in ((comparison, "summary"), *((check, "text") for check in comparison["checks"])):
        said[key] = by_hand(said[key], run.id)
    return {**comparison, **run.store.manifest(outputs["promote"].sha256).facts}


def _entries(run: Run, outputs: dict[str, Ref], folder: Path) -> list[dict[str, Any]]:
    """Return what ``run.json`` says of each format; one that failed its proof is not released and has no path."""
    if "export" not in outputs:
        return []
    store = run.store
    manifest = store.manifest(outputs["export"].sha256)
    by_format = {proof["format"]: proof for proof in _proofs(run, outputs)}
    entries = []
    for name in manifest.facts["formats"]:
        proof = by_format.get(name, {"verified": "not verified", "reason": "verify did not end", "agreement": None})
        size = sum(blob.size for file, blob in manifest.files.items() if file.startswith(f"{name}/"))
        released = proof["verified"] != "failed"
        path = str(folder / "exports" / name) if released else None
        entry = {"format": name, "released": released, "path": path, "bytes": size} | proof
        if name == INT8 and (int8 := int8_of(run, manifest)):
            entry["int8"] = int8
        entries.append(entry)
    return entries


def _proofs(run: Run, outputs: dict[str, Ref]) -> list[dict[str, Any]]:
    """Return what every export showed, with its speeds: those are in the step's record, for they differ each time."""
    if "verify" not in outputs:
        return []
    proofs: list[dict[str, Any]] = read_json(run.store, outputs["verify"], "verification.json")
    key = run.journal.entries["verify"].key
    record = run.records.read(key) if key else None
    speeds = record.measured.get("speeds", {}) if record else {}
    for proof in proofs:
        measured = speeds.get(proof["format"], {})
        proof["runtimes"] = [
            dict.fromkeys(_SPEED) | shown | measured.get(shown["runtime"], {}) for shown in proof.get("runtimes", ())
        ]
    return proofs


def _show_exports(store: Store, export: Ref, entries: list[dict[str, Any]], folder: Path) -> Path | None:
    """Link the run's folder to the exports that may be released; ``not-released.txt`` says why others are not.

    Returns:
        Where exports went that somebody had changed since they were copied, or None.
    """
    released = {entry["format"] for entry in entries if entry["released"]}
    stored = store.manifest(export.sha256).files.items()
    files: dict[str, Blob | bytes] = {file: blob for file, blob in stored if file.split("/")[0] in released}
    name = export.sha256
    if refused := [f"{entry['format']}: {entry['reason']}\n" for entry in entries if not entry["released"]]:
        files["not-released.txt"] = "".join(refused).encode()
        name += f"-{sha256_bytes(canonical_json([sorted(released), refused]))[:12]}"
    shown = show(store, name, files)
    link(shown.folder, folder / "exports")
    return shown.edited
