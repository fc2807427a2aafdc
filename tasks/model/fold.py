"""fold: train on all folds but one, and judge that one."""

from evergreen.judging.ended import is_cut
from evergreen.tables import to_csv
from evergreen.vision.fold import fold as train_and_judge
from evergreen.vision.train import Callbacks, Labelled, ModelFiles
from evergreen.vision.training.checkpoint import Checkpoints
from runs.kept.caches import images_of
from runs.kept.checkpoints import ENDED, folder_of, held
from runs.model_file import MODEL
from runs.run import Run
from runs.tables import BACKGROUNDS, PROBABILITIES, TAUGHT, classes_of, files_of, read_table, to_json, to_npy
from runs.teachers import given_teachers
from storage.artifacts import Ref
from tasks.model.train import when_stopped
from tasks.progress import TrainingProgress
from tasks.step import measured, number_of_this_step, parts_of_this_step, step


@step("fold")
def fold(run: Run, dealt: Ref) -> Ref:
    """Fit the network on the other folds, and keep what it says of every image of this one; the network is not kept."""
    number, classes = number_of_this_step(), classes_of(run.store, dealt)
    parts = parts_of_this_step()
    checkpoints = folder_of(run.store, parts)
    progress = TrainingProgress(run.name)
    with held(checkpoints, run.store), run.store.workspace() as folder:
        found = train_and_judge(
            Labelled(read_table(run.store, dealt), images_of(run, run.recipe.screen.range), classes),
            number,
            run.recipe,
            ModelFiles(folder / MODEL, checkpoints=checkpoints),
            Callbacks(progress, progress.say, when_stopped(run)),
            given_teachers(run, parts, folder),
        )
        progress.done()
        files = {
            **files_of(predictions=found.predictions.assign(fold=number)),
            PROBABILITIES: to_npy(found.scores),
            "history.csv": to_csv(found.training.history),
            ENDED: to_json(found.training.ended),
        }
        if found.training.taught:
            files[TAUGHT] = to_json(found.training.taught)
        if found.training.backgrounds:
            files[BACKGROUNDS] = to_json(found.training.backgrounds)
        output = run.store.publish("fold", files, {"classes": classes, "fold": number})
        seconds = {"training_seconds": found.training.seconds, "features_seconds": found.training.once}
        measured({name: round(value, 3) for name, value in seconds.items()})
        if not is_cut(found.training.ended):
            Checkpoints(checkpoints).clear()  # not before: a kill in between would cost the whole training
    return output
