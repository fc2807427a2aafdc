"""train: fit the recipe's network."""

from collections.abc import Callable
from typing import Any

from evergreen.judging.ended import with_words, words
from evergreen.vision.train import Callbacks
from runs.run import Run
from runs.training import trained
from storage.artifacts import Ref
from tasks.progress import TrainingProgress
from tasks.step import parts_of_this_step, remark, step


@step("train")
def train(run: Run, dataset: Ref, weights: Ref) -> Ref:
    """Fit the network, phase by phase, and keep its best epoch."""
    progress = TrainingProgress(run.name)
    told = Callbacks(progress, progress.say, when_stopped(run))
    model = trained(run, parts_of_this_step(), dataset, weights, told)
    progress.done()
    return model


def when_stopped(run: Run) -> Callable[[dict[str, Any]], None]:
    """Return what notes in the run's journal how far a training came that is being stopped."""

    def stopped(ended: dict[str, Any]) -> None:
        run.journal.training = with_words(ended)
        # Not said: whoever listens is told in one line that the run was stopped, in which step, and what is kept.
        remark(f"{words(ended)}; what is done is kept: the same command goes on")

    return stopped
