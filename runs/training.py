"""A training from artifacts to an artifact: what ``train`` does in a run, and a trial in a sweep. Knows no Prefect."""

from pathlib import Path

from evergreen.judging.ended import is_cut
from evergreen.tables import to_csv
from evergreen.vision.train import Callbacks, ClassBalance, Labelled, ModelFiles
from evergreen.vision.train import train as fit
from evergreen.vision.training.checkpoint import Checkpoints
from evergreen.vision.training.course import METRICS
from runs.kept.caches import images_of
from runs.kept.checkpoints import ENDED, folder_of, held, why_ended
from runs.model_file import MODEL, backbone_if_frozen
from runs.run import Run
from runs.tables import BACKGROUNDS, TAUGHT, classes_of, read_json, read_table, to_json, with_range
from runs.teachers import given_teachers
from storage.artifacts import Blob, Ref
from storage.steps.keys import KeyParts
from storage.store import Store


def trained(
    run: Run, parts: KeyParts, dataset: Ref, weights: Ref, callbacks: Callbacks, *, forgets: bool = True
) -> Ref:
    """Fit a recipe's network, or what a checkpoint says is left of that, and publish it with its history.

    Args:
        run: its store, its recipe, and its id, which holds the lock of the checkpoints.
        parts: of the key that the model will stand under.
        dataset: what split published.
        weights: what balance published.
        callbacks: who hears of it.
        forgets: whether its checkpoints go once the model is published; whoever writes the record in another process
            calls ``forget`` after that, else a kill in between would cost the whole training.
    """
    classes = classes_of(run.store, dataset)
    checkpoints = folder_of(run.store, parts)
    with held(checkpoints, run.store), run.store.workspace() as folder:
        others = {metric: folder / f"best-{metric}.keras" for metric in METRICS if metric != run.recipe.train.keep}
        done = fit(
            Labelled(read_table(run.store, dataset), images_of(run, run.recipe.screen.range), classes),
            ClassBalance(
                read_json(run.store, weights, "class-weights.json"), read_json(run.store, weights, "repeats.json")
            ),
            run.recipe,
            ModelFiles(folder / MODEL, others, checkpoints),
            callbacks,
            given_teachers(run, parts, folder),
        )
        facts = {"classes": classes, "image": run.recipe.image.model_dump(mode="json")}
        facts |= with_range(run.recipe.screen.range) | backbone_if_frozen(run.recipe.train)
        files: dict[str, bytes | Path | Blob] = {
            MODEL: folder / MODEL,
            "history.csv": to_csv(done.history),
            ENDED: to_json(done.ended),
        }
        if done.taught:
            files[TAUGHT] = to_json(done.taught)
        if done.backgrounds:
            files[BACKGROUNDS] = to_json(done.backgrounds)
        model = run.store.publish("model", files | {path.name: path for path in others.values()}, facts)
        if forgets and not is_cut(done.ended):
            Checkpoints(checkpoints).clear()  # not before: a kill in between would cost the whole training
    return model


def forget(store: Store, parts: KeyParts, model: Ref) -> None:
    """Remove the checkpoints of a training whose record is written; those of one that the time limit cut stay.

    Args:
        store: where they are.
        parts: of the key that the model stands under.
        model: what was published.
    """
    ended = why_ended(store, model)
    if ended and not is_cut(ended):
        drop(store, parts)


def drop(store: Store, parts: KeyParts) -> None:
    """Remove the checkpoints of a training that nobody goes on with; for ``parts`` see ``forget``."""
    folder = folder_of(store, parts)
    with held(folder, store):
        Checkpoints(folder).clear()
