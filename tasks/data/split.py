"""split: divide the images into train, validation and test."""

from evergreen.datasets.split import leakage
from evergreen.datasets.split import split as divide
from runs.run import Run
from runs.tables import classes_of, publish_dataset, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("split")
def split(run: Run, dataset: Ref) -> Ref:
    """Divide the images; equal pixels stay on one side."""
    classes = classes_of(run.store, dataset)
    bits = int(run.store.manifest(dataset.sha256).facts["near_duplicate_bits"])
    found = divide(read_table(run.store, dataset), classes, run.recipe.split, run.recipe.seed, bits)
    leaks = leakage(found.dataset, bits)
    tables = {"unlabelled": found.unlabelled, "aside": found.aside, "leakage": leaks}
    return publish_dataset(run.store, found.dataset, classes, **tables)
