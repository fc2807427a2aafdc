"""Training: from a split dataset to a fitted model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.images import pixels
from evergreen.images.augment import Augmenter
from evergreen.images.backgrounds.making import backgrounds_of
from evergreen.images.backgrounds.replacing import Backgrounds
from evergreen.images.backgrounds.told import words as in_words
from evergreen.images.pixels import Images
from evergreen.images.processors import threads_of
from evergreen.images.threads import Threads
from evergreen.judging.ended import words
from evergreen.judging.taught import words as taught_words
from evergreen.vision.networks import runtime, saving
from evergreen.vision.networks.build import build
from evergreen.vision.networks.precision import precision_of
from evergreen.vision.networks.whitening import whiten
from evergreen.vision.teaching import teachers
from evergreen.vision.teaching.teachers import Given
from evergreen.vision.training import devices, preflight
from evergreen.vision.training.batches import Side, keys_of
from evergreen.vision.training.checkpoint import Checkpoints
from evergreen.vision.training.fit import EpochReport, Fitting
from evergreen.vision.training.material import Source
from evergreen.vision.training.mirrored import built
from evergreen.vision.training.variables import put

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.vision.training.checkpoint import State


@dataclass(frozen=True)
class Labelled:
    """The images of a dataset, and what each shows.

    Attributes:
        dataset: path, label, sha256, split.
        images: where they are read, and where pixels and features are kept.
        classes: class names in order.
    """

    dataset: pd.DataFrame
    images: Images
    classes: list[str]


@dataclass(frozen=True)
class ClassBalance:
    """How much each class counts in training; without values, all alike.

    Attributes:
        weights: class -> weight on the loss.
        repeats: class -> how often its training images are seen in an epoch, 1 or more; a fraction is drawn by seed.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    repeats: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelFiles:
    """Where a training writes.

    Attributes:
        model: the ``.keras`` file.
        others: validation metric -> where the model that was best by it is written too.
        checkpoints: a folder for this very training; what a killed one left there is taken up. Whoever has the model in
            safety clears it. None keeps nothing.
    """

    model: Path
    others: Mapping[str, Path] = field(default_factory=dict)
    checkpoints: Path | None = None


@dataclass(frozen=True)
class Callbacks:
    """Who hears of a training.

    Attributes:
        on_epoch: called after every epoch.
        say: told, in words, what else a person should know.
        stopped: told, as ``Training.ended``, how far a training came that something else than an error stops.
    """

    on_epoch: Callable[[EpochReport], None] = lambda _: None
    say: Callable[[str], None] = lambda _: None
    stopped: Callable[[dict[str, Any]], None] = lambda _: None


@dataclass(frozen=True)
class Training:
    """What came of a training, besides the model.

    Attributes:
        history: one row an epoch: phase, epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, kept.
        ended: why it ended, as ``ended.words`` takes it.
        seconds: of training, also before it was stopped and taken up, and of its teachers; without those of ``once``.
        once: seconds that went into features, and into answers of teachers that are in the store: both are kept for
            every later training.
        taught: who taught it, as ``judging.taught.words`` takes it; None without a teacher.
        backgrounds: as ``Backgrounds.facts`` returns them; None where the recipe replaces none.
    """

    history: pd.DataFrame
    ended: dict[str, Any]
    seconds: float
    once: float
    taught: dict[str, Any] | None = None
    backgrounds: dict[str, Any] | None = None


def train(
    labelled: Labelled,
    balance: ClassBalance,
    recipe: Recipe,
    files: ModelFiles,
    callbacks: Callbacks,
    given: Sequence[Given] = (),
) -> Training:
    """Fit the recipe's network, keep its best epoch, and write it as a ``.keras`` file.

    Teachers that a recipe names are trained before it, on its training images alone.

    Args:
        labelled: what is learned from (train) and judged by (validation).
        balance: how much each class counts.
        recipe: its ``train``, ``image``, ``augment``, ``teaching`` and ``seed`` are read.
        files: where the model is written, and what a killed training left.
        callbacks: who hears of it.
        given: the teachers that are in the store, if the recipe names such.

    Raises:
        DevicesMissing: there are fewer devices than the recipe says.
        BadDataset, BadRecipe: a teacher may not teach or cannot, as ``teachers.check`` says.
        BadInput: a folder of photos to put behind objects is not there, or has none.
        TrainingDiverged: the loss became NaN or infinite; nothing is written.
        PreflightFailed: what would waste the night was found before it.
        WeightsUnavailable: the backbone's weights are not here.
    """
    dataset, say = labelled.dataset, callbacks.say
    together = devices.chosen(recipe.train)
    teachers.check(labelled, recipe, given)
    learned = _repeated(dataset[dataset["split"] == "train"], balance.repeats, recipe.seed)
    sides = {
        "train": _side(learned, labelled, balance.weights, recipe),
        "validation": _side(dataset[dataset["split"] == "validation"], labelled, {}, recipe),
    }
    precision, number = precision_of(recipe.train), threads_of(recipe.train)
    say(f"precision {precision}, threads {number}")
    if told := devices.words(recipe.train):
        say(told)
    if recipe.augment.mixup or recipe.augment.cutmix:
        say("training images are mixed: their loss and accuracy are of mixed images, the accuracy by the larger share")
    behind = _backgrounds(learned, sides["train"], labelled.images, recipe, say)
    state = Checkpoints(files.checkpoints).load()
    runtime.start(recipe.seed, precision, number)
    model = _network(recipe, labelled.classes, sides["train"], together)
    if state:
        say(f"going on where it was stopped: in phase {state[0]['phase']}, after {state[0]['epoch']} of its epochs")
    else:
        preflight.check(model, sides["train"], recipe.train)
    with teachers.ready(labelled, recipe, given, files.checkpoints, callbacks, _teacher) as found:
        if found:  # whose trainings set up TensorFlow anew
            runtime.start(recipe.seed, precision, number)
            model = _network(recipe, labelled.classes, sides["train"], together)
        return _fitted(model, labelled, sides, recipe, files, callbacks, state, found, behind)


def _teacher(
    labelled: Labelled,
    weights: Mapping[str, float],
    often: Mapping[str, float],
    recipe: Recipe,
    file: Path,
    states: Path,
    callbacks: Callbacks,
) -> Training:
    return train(labelled, ClassBalance(weights, often), recipe, ModelFiles(file, checkpoints=states), callbacks)


def _fitted(
    model: Any,
    labelled: Labelled,
    sides: Mapping[str, Side],
    recipe: Recipe,
    files: ModelFiles,
    callbacks: Callbacks,
    state: State | None,
    found: Sequence[teachers.Ready],
    behind: Backgrounds | None,
) -> Training:
    """Do what ``train`` does once its network is built and its teachers are ready."""
    import pandas as pd

    classes, say = labelled.classes, callbacks.say
    kept = Checkpoints(files.checkpoints)
    together = devices.chosen(recipe.train)
    several = {"devices": together} if together > 1 else {}
    folder = labelled.images.features_of(recipe.image)
    try:
        with Threads() as threads:
            asked = teachers.opened(found, classes, recipe.train, folder, say)
            augmenter = Augmenter(recipe.augment, recipe.seed, behind)
            others = labelled.images.others() if together == 1 else None
            source = Source(recipe, sides, folder, augmenter, threads, say, asked, others)
            fitting = Fitting(model, source, kept, callbacks.on_epoch)
            try:
                course = fitting.run(state)
            except BaseException as error:
                if not isinstance(error, Exception):
                    callbacks.stopped(fitting.stopped() | several)
                raise
        seconds = course.elapsed
    finally:
        runtime.start(recipe.seed)  # whatever follows is float32, what is written too
    best = build(recipe.train, recipe.image, len(classes))  # anew: plain Keras, without an optimizer
    for metric, file in {recipe.train.keep: files.model, **files.others}.items():
        put(best, course.best[metric].weights)
        saving.save(best, file)
    table = pd.DataFrame(course.history)
    table["kept"] = np.arange(len(table)) == course.best[recipe.train.keep].epoch
    ended = course.told() | several
    say(words(ended))
    taught = teachers.facts_of(found, recipe.train)
    if taught:
        say(f"taught by {taught_words(taught)}")
    trained = [one.facts for one in found if not one.is_kept]
    seconds += sum(facts["seconds"] for facts in trained)
    once = course.once + sum(facts["features_seconds"] for facts in trained)
    return Training(table, ended, seconds, once, taught, behind.facts() if behind else None)


def _backgrounds(
    learned: pd.DataFrame, side: Side, images: Images, recipe: Recipe, say: Callable[[str], None]
) -> Backgrounds | None:
    """Return what may stand behind the objects of training images, and say of how many; None if none is replaced."""
    if not (settings := recipe.augment.background):
        return None
    digests = list(learned["sha256"])
    found = backgrounds_of(settings, recipe.seed, side.rows, digests, side.keys, images.cutouts_of(recipe.image))
    say(in_words(found.facts()))
    return found


def _network(recipe: Recipe, classes: list[str], side: Side, together: int) -> Any:
    """Return the network with the weights that it begins with, on as many devices as train it together."""
    model = built(together, lambda: build(recipe.train, recipe.image, len(classes)))
    whiten(model, recipe.train, side.rows, recipe.seed)
    return model


def _side(rows: pd.DataFrame, labelled: Labelled, class_weights: Mapping[str, float], recipe: Recipe) -> Side:
    classes = labelled.classes
    labels = np.eye(len(classes), dtype=np.float32)[pixels.targets(rows["label"], classes)]
    weights = np.array([class_weights.get(label, 1.0) for label in rows["label"]], np.float32)
    return Side(labelled.images.rows(rows, recipe.image), labels, weights, keys_of(list(rows["sha256"])))


def _repeated(rows: pd.DataFrame, repeats: Mapping[str, float], seed: int) -> pd.DataFrame:
    """Return the rows with those of small classes several times; the last, partial time is a sample."""
    import pandas as pd

    if all(often == 1 for often in repeats.values()):
        return rows
    parts = []
    for label, some in rows.groupby("label", sort=True):
        whole, part = divmod(round(repeats[str(label)] * len(some)), len(some))
        parts += [some] * whole + [some.sample(n=part, random_state=seed)]
    return pd.concat(parts, ignore_index=True)
