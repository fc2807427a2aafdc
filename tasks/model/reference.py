"""reference: keep what later images are held against."""

from evergreen.vision.drift import reference as kept
from runs.kept.caches import images_of
from runs.model_file import MODEL
from runs.run import Run
from runs.tables import CALIBRATION, REFERENCE, classes_of, files_of, read_groups, read_json, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("reference")
def reference(run: Run, dataset: Ref, model: Ref, evaluation: Ref, screened: Ref, repaired: Ref) -> Ref:
    """Keep what the model makes of the images that it was judged by: later ones are held against these."""
    store = run.store
    with store.workspace() as folder:
        store.materialise(model, folder)
        found, places, projection = kept(
            read_table(store, dataset),
            read_groups(store, repaired, run.recipe.split.group),
            images_of(run, run.recipe.screen.range),
            classes_of(store, dataset),
            run.recipe,
            folder / MODEL,
            float(read_json(store, evaluation, CALIBRATION)["temperature"]),
            int(store.manifest(screened.sha256).facts["near_duplicate_bits"]),
        )
    files = {REFERENCE: found.as_bytes(), **files_of(places=places)}
    return store.publish("reference", files, {**found.facts(), "projection": projection.facts()})
