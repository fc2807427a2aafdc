"""split: divide the images into train, validation and test."""

from evergreen.datasets.split import split as divide
from storage.artifacts import Ref
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, publish_dataset, read_table


@step("split")
def split(run: Run, dataset: Ref) -> Ref:
    """Divide the images; equal pixels stay on one side."""
    classes = classes_of(run.store, dataset)
    table = divide(read_table(run.store, dataset), classes, run.recipe.split, run.recipe.seed)
    return publish_dataset(run.store, table, classes)
