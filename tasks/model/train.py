"""train: fit the recipe's network."""

from evergreen.datasets.tables import to_csv
from evergreen.vision.train import train as fit
from storage.artifacts import Ref
from tasks.model_file import MODEL
from tasks.progress import report_epoch
from tasks.run import Run
from tasks.step import step
from tasks.tables import classes_of, read_json, read_table


@step("train")
def train(run: Run, dataset: Ref, weights: Ref) -> Ref:
    """Fit the network, phase by phase, and keep its best epoch."""
    classes = classes_of(run.store, dataset)
    with run.store.workspace() as folder:
        file = folder / MODEL
        history = fit(
            read_table(run.store, dataset),
            run.store.read_blob,
            classes,
            read_json(run.store, weights, "class-weights.json"),
            read_json(run.store, weights, "repeats.json"),
            run.recipe,
            file,
            report_epoch,
        )
        facts = {"classes": classes, "image": run.recipe.image.model_dump(mode="json")}
        return run.store.publish("model", {MODEL: file, "history.csv": to_csv(history)}, facts)
