"""repair: from file names to labels."""

from evergreen.datasets.repair import repair as label_files
from runs.run import Run
from runs.tables import publish_dataset, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("repair")
def repair(run: Run, files: Ref) -> Ref:
    """Find the class folders, drop junk, and give each folder its class's name."""
    found = label_files(read_table(run.store, files, "files.csv"), run.recipe.repair)
    about = {"origins": found.origins, "renames": found.renames, "dropped": found.dropped, "notes": found.notes}
    return publish_dataset(run.store, found.dataset, found.classes, **about)
