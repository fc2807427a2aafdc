"""repair: from files to labels."""

from evergreen.datasets.repair import repair as label_files
from runs.run import Run
from runs.tables import publish_dataset, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("repair")
def repair(run: Run, files: Ref) -> Ref:
    """Drop what is no image, and give every image the class of its folder, name or table row."""
    table, left_out, notes = (read_table(run.store, files, f"{name}.csv") for name in ("files", "left-out", "notes"))
    recipe = run.recipe
    found = label_files(table, recipe.repair, recipe.labels, run.store.read_blob, recipe.decisions)
    told = found.told_before(left_out, notes)
    several = {} if found.sources is None else {"sources": found.sources}
    decided = {} if found.decisions is None else {"decisions": found.decisions}
    return publish_dataset(
        run.store,
        found.dataset,
        found.classes,
        origins=found.origins,
        renames=found.renames,
        dropped=told.dropped,
        groups=found.groups,
        notes=told.notes,
        **several,
        **decided,
    )
