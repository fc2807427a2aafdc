"""diagnose: which labels are wrong."""

from evergreen.datasets.screen import CONFLICT
from evergreen.diagnosing.diagnosis import Labelled
from evergreen.tables import to_csv
from evergreen.vision.diagnose import diagnose as judge_labels
from runs.kept.caches import images_of
from runs.run import Run
from runs.tables import (
    DIAGNOSIS,
    LOOKALIKES,
    PROBABILITIES,
    SUSPECTS,
    classes_of,
    read_array,
    read_groups,
    read_table,
    to_json,
)
from storage.artifacts import Ref
from tasks.progress import TrainingProgress
from tasks.step import step


@step("diagnose")
def diagnose(run: Run, dataset: Ref, screened: Ref, repaired: Ref, folds: Ref | None = None) -> Ref:
    """Judge every label by the other images, and rank those to look at."""
    store, classes = run.store, classes_of(run.store, dataset)
    quarantine = read_table(store, screened, "quarantine.csv")
    labelled = Labelled(
        dataset=read_table(store, dataset),
        aside=read_table(store, dataset, "aside.csv"),
        groups=read_groups(store, repaired, run.recipe.split.group),
        conflicts=quarantine[quarantine["reason"].str.startswith(CONFLICT)],
        bits=int(store.manifest(screened.sha256).facts["near_duplicate_bits"]),
        folds=(read_table(store, folds, "predictions.csv"), read_array(store, folds, PROBABILITIES)) if folds else None,
    )
    images = images_of(run, run.recipe.screen.range)
    found = judge_labels(labelled, images, classes, run.recipe, TrainingProgress(run.name).say)
    files = {
        SUSPECTS: to_csv(found.suspects),
        LOOKALIKES: to_csv(found.lookalikes),
        DIAGNOSIS: to_json(found.facts),
    }
    return store.publish("diagnosis", files, {"classes": classes})
