"""split: divide the images into train, validation and test."""

import pandas as pd

from evergreen.datasets.split import leakage
from evergreen.datasets.split import split as divide
from runs.run import Run
from runs.tables import classes_of, publish_dataset, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("split")
def split(run: Run, dataset: Ref, repaired: Ref) -> Ref:
    """Divide the images; equal pixels stay on one side, and so do groups of folders if asked."""
    classes = classes_of(run.store, dataset)
    bits = int(run.store.manifest(dataset.sha256).facts["near_duplicate_bits"])
    groups = read_table(run.store, repaired, "groups.csv")
    found = divide(read_table(run.store, dataset), groups, classes, run.recipe.split, run.recipe.seed, bits)
    tables = {
        "unlabelled": found.unlabelled,
        "aside": found.aside,
        "leakage": leakage(found.dataset, bits),
        "groups": found.groups,
        "notes": pd.DataFrame({"note": found.notes}),
    }
    return publish_dataset(run.store, found.dataset, classes, **tables)
