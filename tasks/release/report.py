"""report: one HTML page, and the pictures in it."""

from evergreen.reports.report import Findings
from evergreen.reports.report import report as write_report
from runs.kept.checkpoints import ENDED
from runs.run import Run
from runs.tables import classes_of, read_folder, read_json, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("report")
def report(
    run: Run,
    repaired: Ref,
    screened: Ref,
    dataset: Ref,
    weights: Ref,
    model: Ref,
    evaluation: Ref,
    exports: Ref,
    verification: Ref,
    comparison: Ref,
) -> Ref:
    """Put what the run found onto one page."""
    store = run.store
    sizes: dict[str, int] = {}
    for name, blob in store.manifest(exports.sha256).files.items():
        sizes[name.split("/")[0]] = sizes.get(name.split("/")[0], 0) + blob.size
    facts = store.manifest(evaluation.sha256).facts
    origins = read_table(store, repaired, "origins.csv")
    findings = Findings(
        name=run.recipe.name,
        title=run.recipe.title,
        classes=classes_of(store, dataset),
        renames=read_table(store, repaired, "renames.csv"),
        dropped=read_table(store, repaired, "dropped.csv"),
        quarantine=read_table(store, screened, "quarantine.csv").merge(origins, on="path"),
        duplicates=read_table(store, screened, "duplicates.csv"),
        dataset=read_table(store, dataset),
        leakage=read_table(store, dataset, "leakage.csv"),
        weights=read_json(store, weights, "class-weights.json"),
        history=read_table(store, model, "history.csv"),
        ended=read_json(store, model, ENDED),
        judged=facts["judged"],
        top_k=facts["top_k"],
        metrics=read_json(store, evaluation, "metrics.json"),
        per_class=read_table(store, evaluation, "per_class.csv"),
        averages=read_json(store, evaluation, "averages.json"),
        confusion=read_table(store, evaluation, "confusion.csv"),
        predictions=read_table(store, evaluation, "predictions.csv"),
        calibration=read_json(store, evaluation, "calibration.json"),
        reliability=read_json(store, evaluation, "reliability.json"),
        shortcuts=read_json(store, evaluation, "shortcuts.json"),
        examples=read_folder(store, evaluation, "examples/"),
        verdict=read_json(store, evaluation, "verdict.json"),
        exports=read_json(store, verification, "verification.json"),
        export_bytes=sizes,
        comparison=read_json(store, comparison, "comparison.json"),
    )
    return store.publish("report", write_report(findings, store.read_blob))
