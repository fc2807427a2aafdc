"""folds: what the folds say together."""

import numpy as np
import pandas as pd

from evergreen.judging.folds import pool
from evergreen.judging.metrics import confusion_table
from evergreen.tables import to_csv
from runs.run import Run
from runs.tables import PROBABILITIES, classes_of, files_of, read_array, read_table, to_json, to_npy
from storage.artifacts import Ref
from tasks.step import step


@step("folds")
def folds(run: Run, dealt: Ref, **fold: Ref) -> Ref:
    """Pool the folds: every image judged once; with what was said of each, out of fold, for whoever asks more."""
    classes = classes_of(run.store, dealt)
    tables = pd.concat([read_table(run.store, ref, "predictions.csv") for ref in fold.values()], ignore_index=True)
    order = tables["path"].argsort(kind="stable").to_numpy()
    scores = np.concatenate([read_array(run.store, ref, PROBABILITIES) for ref in fold.values()])[order]
    predictions = tables.iloc[order].reset_index(drop=True)
    found = pool(predictions, scores, classes, run.recipe.evaluate.top_k)
    files = {
        **files_of(predictions=predictions[["path", "label", "sha256", "fold", "predicted", "probability"]]),
        PROBABILITIES: to_npy(scores),
        "folds.json": to_json(found.as_json()),
        "per_class.csv": to_csv(found.by_class.per_class),
        "averages.json": to_json(found.by_class.averages),
        "confusion.csv": to_csv(confusion_table(found.by_class.confusion, classes)),
    }
    return run.store.publish("folds", files, {"classes": classes, "folds": len(fold)})
