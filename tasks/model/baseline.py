"""baseline: what a linear probe of the frozen backbone reaches, for a training to beat."""

from evergreen.vision.baseline import probe
from runs.kept.caches import images_of
from runs.run import Run
from runs.tables import BASELINE, classes_of, files_of, read_table, to_json
from storage.artifacts import Ref
from tasks.progress import TrainingProgress
from tasks.step import step


@step("baseline")
def baseline(run: Run, dataset: Ref) -> Ref:
    """Fit a linear probe on what the backbone knows before any training, where there is something to probe."""
    classes = classes_of(run.store, dataset)
    images = images_of(run, run.recipe.screen.range)
    found = probe(read_table(run.store, dataset), images, classes, run.recipe, TrainingProgress(run.name).say)
    files = {BASELINE: to_json(dict(found.found)), **files_of(predictions=found.predictions)}
    return run.store.publish("baseline", files)
