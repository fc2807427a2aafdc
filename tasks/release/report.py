"""report: one HTML page, and the pictures in it."""

from evergreen.reports.found import Calibrated, Diagnosed, Evaluated, Exported, Shortcuts, Trained
from evergreen.reports.looking.looked_at import Looking, with_paths
from evergreen.reports.report import Findings
from evergreen.reports.report import report as write_report
from evergreen.sections.data import Image
from runs.kept.caches import images_of
from runs.kept.checkpoints import ENDED
from runs.run import Run
from runs.summaries.folds import pooled_folds
from runs.tables import (
    CALIBRATION,
    DIAGNOSIS,
    SUSPECTS,
    range_in,
    read_backgrounds,
    read_baseline,
    read_data,
    read_folder,
    read_heat,
    read_json,
    read_places,
    read_table,
    read_taught,
    read_views,
)
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
    reference: Ref,
    probed: Ref,
    diagnosed: Ref,
    exports: Ref,
    verification: Ref,
    comparison: Ref,
    folds: Ref | None = None,
) -> Ref:
    """Put what the run found onto one page."""
    store = run.store
    sizes: dict[str, int] = {}
    for name, blob in store.manifest(exports.sha256).files.items():
        sizes[name.split("/")[0]] = sizes.get(name.split("/")[0], 0) + blob.size
    facts = store.manifest(evaluation.sha256).facts
    data = read_data(store, repaired, screened, dataset, weights)
    shown = store.manifest(model.sha256).facts
    images, image = images_of(run, range_in(shown)), Image.model_validate(shown["image"])
    findings = Findings(
        name=run.recipe.name,
        title=run.recipe.title,
        data=data,
        training=Trained(
            read_table(store, model, "history.csv"),
            read_json(store, model, ENDED),
            read_taught(store, model),
            read_backgrounds(store, model),
        ),
        evaluation=Evaluated(
            judged=facts["judged"],
            top_k=facts["top_k"],
            metrics=read_json(store, evaluation, "metrics.json"),
            per_class=read_table(store, evaluation, "per_class.csv"),
            averages=read_json(store, evaluation, "averages.json"),
            confusion=read_table(store, evaluation, "confusion.csv"),
            predictions=read_table(store, evaluation, "predictions.csv"),
            verdict=read_json(store, evaluation, "verdict.json"),
            views=read_views(store, evaluation),
        ),
        baseline=read_baseline(store, probed),
        calibration=Calibrated(
            read_json(store, evaluation, CALIBRATION), read_json(store, evaluation, "reliability.json")
        ),
        shortcuts=Shortcuts(
            read_json(store, evaluation, "shortcuts.json"), read_folder(store, evaluation, "examples/")
        ),
        exports=Exported(
            read_json(store, verification, "verification.json"),
            sizes,
            store.manifest(exports.sha256).facts.get("int8"),
        ),
        comparison=read_json(store, comparison, "comparison.json"),
        diagnosis=Diagnosed(
            read_json(store, diagnosed, DIAGNOSIS),
            read_table(store, diagnosed, SUSPECTS),
            run.recipe.decisions.made,
        ),
        heat=read_heat(store, evaluation),
        folds=pooled_folds(store, folds) if folds else None,
        looking=Looking(
            lambda paths: images.rows(with_paths(data.splits.dataset, paths), image).blocks(),
            *read_places(store, reference),
        ),
    )
    return store.publish("report", write_report(findings, store.read_blob))
