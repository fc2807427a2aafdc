"""repair: from files to labels."""

from evergreen.datasets.repair import repair as label_files
from runs.run import Run
from runs.tables import publish_dataset, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("repair")
def repair(run: Run, files: Ref) -> Ref:
    """Drop what is no image, and give every image the class of its folder, name or table row."""
    table, read = read_table(run.store, files, "files.csv"), run.store.read_blob
    found = label_files(table, run.recipe.repair, run.recipe.labels, read)
    about = {"origins": found.origins, "renames": found.renames, "dropped": found.dropped}
    return publish_dataset(run.store, found.dataset, found.classes, **about, groups=found.groups, notes=found.notes)
