"""train: fit the recipe's network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evergreen.judging.ended import is_cut, with_words, words
from evergreen.tables import to_csv
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles
from evergreen.vision.train import train as fit
from evergreen.vision.training.checkpoint import Checkpoints
from evergreen.vision.training.course import METRICS
from runs.kept.caches import images_of
from runs.kept.checkpoints import ENDED, folder_of
from runs.model_file import MODEL, backbone_if_frozen
from runs.run import Run
from runs.tables import TAUGHT, classes_of, read_json, read_table, to_json, with_range
from runs.teachers import given_teachers
from storage.artifacts import Blob, Ref
from storage.store import Store
from tasks.locks import FlockLockManager
from tasks.progress import TrainingProgress
from tasks.step import parts_of_this_step, remark, step


@step("train")
def train(run: Run, dataset: Ref, weights: Ref) -> Ref:
    """Fit the network, phase by phase, and keep its best epoch."""
    classes = classes_of(run.store, dataset)
    parts = parts_of_this_step()
    checkpoints = folder_of(run.store, parts)

    progress = TrainingProgress(run.name)
    with held(checkpoints, run.store, run.id), run.store.workspace() as folder:
        others = {metric: folder / f"best-{metric}.keras" for metric in METRICS if metric != run.recipe.train.keep}
        done = fit(
            Labelled(read_table(run.store, dataset), images_of(run, run.recipe.screen.range), classes),
            ClassBalance(
                read_json(run.store, weights, "class-weights.json"), read_json(run.store, weights, "repeats.json")
            ),
            run.recipe,
            ModelFiles(folder / MODEL, others, checkpoints),
            Callbacks(progress, progress.say, when_stopped(run, progress)),
            given_teachers(run, parts, folder),
        )
        progress.done()
        facts = {"classes": classes, "image": run.recipe.image.model_dump(mode="json")}
        facts |= with_range(run.recipe.screen.range) | backbone_if_frozen(run.recipe.train)
        files: dict[str, bytes | Path | Blob] = {
            MODEL: folder / MODEL,
            "history.csv": to_csv(done.history),
            ENDED: to_json(done.ended),
        }
        if done.taught:
            files[TAUGHT] = to_json(done.taught)
        model = run.store.publish("model", files | {path.name: path for path in others.values()}, facts)
        if not is_cut(done.ended):
            Checkpoints(checkpoints).clear()  # not before: a kill in between would cost the whole training
    return model


def when_stopped(run: Run, progress: TrainingProgress) -> Callable[[dict[str, Any]], None]:
    """Return what says, and notes in the run's journal, how far a training came that is being stopped."""

    def stopped(ended: dict[str, Any]) -> None:
        run.journal.training = with_words(ended)
        # Not said: whoever listens is told in one line that the run was stopped, in which step, and what is kept.
        remark(f"{words(ended)}; what is done is kept: the same command goes on")

    return stopped


@contextmanager
def held(folder: Path, store: Store, holder: str) -> Iterator[None]:
    """Have a folder of checkpoints for oneself; trainings that differ in their time limit take turns."""
    locks = FlockLockManager(store.root / "locks")
    name = f"checkpoints-{folder.name}"
    locks.acquire_lock(name, holder)
    try:
        yield
    finally:
        locks.release_lock(name, holder)
