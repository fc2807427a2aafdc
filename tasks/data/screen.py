"""screen: which files are images that can be used."""

from evergreen.datasets.screen import screen as put_through_the_door
from storage.artifacts import Ref
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, publish_dataset, read_table


@step("screen")
def screen(run: Run, dataset: Ref) -> Ref:
    """Decode every image once; quarantine what cannot be used, with a reason."""
    found = put_through_the_door(read_table(run.store, dataset), run.store.read_blob, run.recipe.screen)
    classes = classes_of(run.store, dataset)
    return publish_dataset(run.store, found.accepted, classes, quarantine=found.quarantine, duplicates=found.duplicates)
