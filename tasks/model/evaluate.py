"""evaluate: judge the model on every split."""

from evergreen.judging.metrics import confusion_table
from evergreen.vision.evaluate import evaluate as judge
from runs.kept.caches import images_of
from runs.model_file import MODEL, frozen_backbone
from runs.run import Run
from runs.tables import HEAT, VIEWS, classes_of, files_of, read_table, to_json
from storage.artifacts import Ref
from tasks.step import step


@step("evaluate")
def evaluate(run: Run, dataset: Ref, model: Ref) -> Ref:
    """Run the model over train, validation and test, and over changed copies of some images."""
    classes = classes_of(run.store, dataset)
    with run.store.workspace() as folder:
        run.store.materialise(model, folder)
        found = judge(
            read_table(run.store, dataset),
            images_of(run, run.recipe.screen.range),
            classes,
            run.recipe,
            folder / MODEL,
            frozen_backbone(run.store, model),
        )
    confusion = confusion_table(found.by_class.confusion, classes)
    tables = {"per_class": found.by_class.per_class, "confusion": confusion, "predictions": found.predictions}
    values = {
        "metrics": found.metrics,
        "averages": found.by_class.averages,
        "calibration": found.calibration.as_json(),
        "reliability": found.reliability,
        "shortcuts": {"sample": found.sample, "changes": [loss.as_json() for loss in found.shortcuts]},
        "verdict": found.verdict.as_json(),
        "heat": found.heat.as_json(),
    }
    files = files_of(**tables)
    files |= {f"{name}.json": to_json(value) for name, value in values.items()}
    files |= {VIEWS: to_json(found.views)} if found.views else {}
    pictures = {f"examples/{name}.png": data for name, data in found.examples.items()}
    pictures |= {f"{HEAT}{name}.png": data for name, data in found.heat.files.items()}
    facts = {"classes": classes, "judged": found.judged, "top_k": run.recipe.evaluate.top_k}
    return run.store.publish("evaluation", files | pictures, facts)
