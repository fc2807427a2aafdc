"""export: write the model in every format of the recipe."""

from evergreen.vision.export import export as write_formats
from storage.artifacts import Ref
from tasks.images import images_of
from tasks.model_file import MODEL
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, read_table


@step("export")
def export(run: Run, dataset: Ref, model: Ref) -> Ref:
    """Write the model in every format; each takes raw 0-255 RGB and carries the class order."""
    classes = classes_of(run.store, model)
    with run.store.workspace() as folder:
        run.store.materialise(model, folder / "model")
        exports, scratch = folder / "exports", folder / "scratch"
        table = read_table(run.store, dataset)
        write_formats(table, images_of(run), classes, run.recipe, folder / "model" / MODEL, exports, scratch)
        files = {path.relative_to(exports).as_posix(): path for path in exports.rglob("*") if path.is_file()}
        return run.store.publish("exports", files, {"classes": classes, "formats": list(run.recipe.export.formats)})
