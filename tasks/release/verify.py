"""verify: run every export in its own runtime, and keep a few images with what it answered."""

from evergreen.release import golden
from evergreen.vision.verify import verify as prove
from runs.kept.caches import images_of
from runs.model_file import MODEL
from runs.run import Run
from runs.tables import classes_of, read_table, to_json
from storage.artifacts import Ref
from tasks.step import measured, step


@step("verify")
def verify(run: Run, dataset: Ref, model: Ref, exports: Ref) -> Ref:
    """Run every export on the test images and compare it with the Keras model."""
    formats = run.store.manifest(exports.sha256).facts["formats"]
    with run.store.workspace() as folder:
        run.store.materialise(model, folder / "model")
        run.store.materialise(exports, folder / "exports")
        verified = prove(
            read_table(run.store, dataset),
            images_of(run, run.recipe.screen.range),
            classes_of(run.store, model),
            run.recipe,
            folder / "model" / MODEL,
            folder / "exports",
            formats,
        )
    measured({"speeds": {result.format: result.speeds() for result in verified.results}})
    files = {"verification.json": to_json([result.as_json() for result in verified.results])}
    if verified.golden:
        files[golden.FILE] = to_json(verified.golden.as_json())
        files |= {f"{golden.FOLDER}{digest}": data for digest, data in verified.files.items()}
    return run.store.publish("verification", files)
