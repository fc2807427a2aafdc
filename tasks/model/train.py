"""train: fit the recipe's network."""

from pathlib import Path

from evergreen.datasets.tables import to_csv
from evergreen.vision.checkpoint import Checkpoints
from evergreen.vision.course import METRICS
from evergreen.vision.train import train as fit
from storage.artifacts import Blob, Ref
from tasks.images import images_of
from tasks.model_file import MODEL
from tasks.progress import TrainingProgress
from tasks.run import Run
from tasks.step import key_of_this_step, step
from tasks.tables import classes_of, read_json, read_table


@step("train")
def train(run: Run, dataset: Ref, weights: Ref) -> Ref:
    """Fit the network, phase by phase, and keep its best epoch."""
    classes = classes_of(run.store, dataset)
    checkpoints = run.store.root / "checkpoints" / key_of_this_step()
    with run.store.workspace() as folder:
        file = folder / MODEL
        others = {metric: folder / f"best-{metric}.keras" for metric in METRICS if metric != run.recipe.train.keep}
        progress = TrainingProgress(run.name)
        history = fit(
            read_table(run.store, dataset),
            images_of(run),
            classes,
            read_json(run.store, weights, "class-weights.json"),
            read_json(run.store, weights, "repeats.json"),
            run.recipe,
            file,
            progress,
            others,
            checkpoints,
            progress.say,
        )
        facts = {"classes": classes, "image": run.recipe.image.model_dump(mode="json")}
        files: dict[str, bytes | Path | Blob] = {MODEL: file, "history.csv": to_csv(history)}
        model = run.store.publish("model", files | {path.name: path for path in others.values()}, facts)
    Checkpoints(checkpoints).clear()  # not before: a kill in between would cost the whole training
    return model
