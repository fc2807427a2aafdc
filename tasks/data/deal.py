"""deal: which fold every image is judged in."""

import pandas as pd

from evergreen.datasets.deal import deal as draw
from runs.run import Run
from runs.tables import classes_of, publish_dataset, read_groups, read_table
from storage.artifacts import Ref
from tasks.step import step


@step("deal")
def deal(run: Run, dataset: Ref, screened: Ref, repaired: Ref) -> Ref:
    """Deal all labelled images into folds; what is alike stays together, and groups of folders if asked."""
    store, split, folds = run.store, run.recipe.split, run.recipe.evaluate.folds
    bits = int(store.manifest(screened.sha256).facts["near_duplicate_bits"])
    kept = read_groups(store, repaired, split.group)
    found = draw(read_table(store, dataset), kept, folds, split.validation, bits)
    notes = list(found.notes)
    if aside := len(read_table(store, dataset, "aside.csv")):
        notes.append(f"folds: {aside:,} images that the split set aside are judged in no fold")
    notes_table = pd.DataFrame({"note": notes})
    return publish_dataset(store, found.dataset, classes_of(store, dataset), {"folds": folds}, notes=notes_table)
