"""export: write the model in every format of the recipe."""

from typing import Any

from evergreen.vision.export import export as write_formats
from evergreen.vision.formats.card import About
from runs.kept.caches import images_of
from runs.model_file import MODEL
from runs.run import Run, say
from runs.tables import DATASET, classes_of, read_json, read_table, table_file
from storage.artifacts import Ref
from tasks.step import measured, step


@step("export")
def export(run: Run, dataset: Ref, model: Ref, evaluation: Ref) -> Ref:
    """Write the model in every format; each takes raw 0-255 RGB, carries the class order, and says what it is."""
    store = run.store
    about = About(
        classes=classes_of(store, model),
        image=run.recipe.image,
        max_megapixels=run.recipe.screen.max_megapixels,
        values=run.recipe.screen.range,
        metrics=read_json(store, evaluation, "metrics.json"),
        shortcuts=read_json(store, evaluation, "shortcuts.json"),
        judged=store.manifest(evaluation.sha256).facts["judged"],
        digests={
            MODEL: store.manifest(model.sha256).files[MODEL].sha256,
            DATASET: store.manifest(dataset.sha256).files[table_file(store, dataset, DATASET) or DATASET].sha256,
        },
        seed=run.recipe.seed,
        representative_images=run.recipe.export.representative_images,
    )
    with store.workspace() as folder:
        store.materialise(model, folder / "model")
        exports, scratch = folder / "exports", folder / "scratch"
        table = read_table(store, dataset)
        repaired = write_formats(
            table,
            images_of(run, run.recipe.screen.range),
            about,
            run.recipe,
            folder / "model" / MODEL,
            exports,
            scratch,
        )
        files = {path.relative_to(exports).as_posix(): path for path in exports.rglob("*") if path.is_file()}
        facts: dict[str, Any] = {"classes": about.classes, "formats": list(run.recipe.export.formats)}
        if repaired:
            say(repaired.words())
            measured({"tried_ms": repaired.speeds()})
            facts["int8"] = repaired.as_json()
        return store.publish("exports", files, facts)
