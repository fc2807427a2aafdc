"""split: divide the images into train, validation and test."""

from evergreen.datasets.split import leakage
from evergreen.datasets.split import split as divide
from storage.artifacts import Ref
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, publish_dataset, read_table


@step("split")
def split(run: Run, dataset: Ref) -> Ref:
    """Divide the images; equal pixels stay on one side."""
    classes = classes_of(run.store, dataset)
    bits = int(run.store.manifest(dataset.sha256).facts["near_duplicate_bits"])
    found = divide(read_table(run.store, dataset), classes, run.recipe.split, run.recipe.seed, bits)
    leaks = leakage(found.dataset, bits)
    tables = {"unlabelled": found.unlabelled, "aside": found.aside, "leakage": leaks}
    return publish_dataset(run.store, found.dataset, classes, **tables)
