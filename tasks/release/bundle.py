"""bundle: put a model and everything that proves it under one name."""

from runs.releases import release_of
from runs.run import Run
from storage.artifacts import Ref
from tasks.step import step


@step("bundle")
def bundle(run: Run, dataset: Ref, model: Ref, evaluation: Ref, exports: Ref, verification: Ref) -> Ref:
    """Name the dataset, model, evaluation, exports and verification as one release, which can become champion."""
    parts = {"dataset": dataset, "model": model, "evaluation": evaluation}
    said = run.recipe.serve.model_dump(exclude_defaults=True)
    manifest = release_of(run.recipe.name, parts | {"exports": exports, "verification": verification}, said)
    return run.store.publish(manifest.kind, {}, manifest.facts)
