"""Training: from a split dataset to a fitted model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.datasets.tables import ReadBlob
from evergreen.errors import TrainingDiverged
from evergreen.vision import backbones, networks, pixels, preflight, runtime, saving
from evergreen.vision.checkpoint import Checkpoints
from evergreen.vision.course import Course, LearningRate, Patience

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.training import Phase


@dataclass(frozen=True)
class EpochReport:
    """What is known after one epoch.

    Attributes:
        phase, phases: which phase, from 1, of how many.
        epoch, epochs: which epoch of the phase, from 1, of at most how many.
        metrics: loss, accuracy, val_loss, val_accuracy, learning_rate.
        seconds_left: at most this long until the phase ends, in seconds.
    """

    phase: int
    phases: int
    epoch: int
    epochs: int
    metrics: dict[str, float]
    seconds_left: float


OnEpoch = Callable[[EpochReport], None]


def train(
    dataset: pd.DataFrame,
    read: ReadBlob,
    classes: list[str],
    class_weights: dict[str, float],
    repeats: dict[str, float],
    recipe: Recipe,
    model_file: Path,
    on_epoch: OnEpoch,
    others: dict[str, Path] | None = None,
    checkpoints: Path | None = None,
) -> pd.DataFrame:
    """Fit the recipe's network, keep its best epoch, and write it as a ``.keras`` file.

    Args:
        dataset: path, label, sha256, split.
        read: gives an image's bytes for its SHA-256.
        classes: class names in order.
        class_weights: class -> weight on the loss.
        repeats: class -> how often its training images are seen in an epoch, 1 or more; a fraction is drawn by seed.
        recipe: its ``train``, ``image`` and ``seed`` are read.
        model_file: where the model is written.
        on_epoch: called after every epoch.
        others: validation metric -> where the model that was best by it is written too.
        checkpoints: a folder for this very training; what a killed one left there is taken up. Whoever has the model in
            safety clears it.

    Returns:
        One row an epoch: phase, epoch, loss, accuracy, val_loss, val_accuracy, learning_rate, kept.

    Raises:
        TrainingDiverged: the loss became NaN or infinite; nothing is written.
        PreflightFailed: what would waste the night was found before it.
        WeightsUnavailable: the backbone's weights are not here.
    """
    import keras
    import pandas as pd

    data = {}
    for name in ("train", "validation"):
        rows = dataset[dataset["split"] == name]
        if name == "train":
            rows = _repeated(rows, repeats, recipe.seed)
        images = pixels.load(rows, read, recipe.image)
        data[name] = (images, keras.utils.to_categorical(pixels.targets(rows["label"], classes), len(classes)))
    kept = Checkpoints(checkpoints)
    state = kept.load()
    if state is None:
        runtime.start(recipe.seed)
        preflight.check(networks.build(recipe.train, recipe.image, len(classes)), *data["train"], recipe.train)
    runtime.start(recipe.seed)  # anew: what the check drew and built must not show in the training
    model = networks.build(recipe.train, recipe.image, len(classes))
    weights = {index: class_weights[name] for index, name in enumerate(classes)}
    course = _learn(model, recipe, data, weights, kept, state, on_epoch)
    for metric, file in {recipe.train.keep: model_file, **(others or {})}.items():
        best = networks.build(recipe.train, recipe.image, len(classes))  # anew: without the optimizer's state
        best.set_weights(course.best[metric].weights)
        saving.save(best, file)
    table = pd.DataFrame(course.history)
    table["kept"] = np.arange(len(table)) == course.best[recipe.train.keep].epoch
    return table


def _repeated(rows: pd.DataFrame, repeats: dict[str, float], seed: int) -> pd.DataFrame:
    """Return the rows with those of small classes several times; the last, partial time is a sample."""
    import pandas as pd

    if all(often == 1 for often in repeats.values()):
        return rows
    parts = []
    for label, some in rows.groupby("label", sort=True):
        whole, part = divmod(round(repeats[str(label)] * len(some)), len(some))
        parts += [some] * whole + [some.sample(n=part, random_state=seed)]
    return pd.concat(parts, ignore_index=True)


Data = dict[str, tuple[np.ndarray, np.ndarray]]


def _learn(
    model: Any,
    recipe: Recipe,
    data: Data,
    class_weights: dict[int, float],
    kept: Checkpoints,
    state: tuple[dict[str, Any], dict[str, list[np.ndarray]]] | None,
    on_epoch: OnEpoch,
) -> Course:
    """Run the phases, from the beginning or from a checkpoint, and return what came of them.

    Every epoch is a function of the state before it, the seed and its number: nothing is drawn that a resumed training
    would not draw alike.
    """
    course = Course(recipe.train)
    facts, arrays = state or ({"phase": 1, "epoch": 0}, {})
    if state:
        course.restore(facts["course"], {metric: arrays.get(f"best-{metric}", []) for metric in course.best})
        model.set_weights(arrays["weights"])
    for number, phase in enumerate(recipe.train.phases, start=1):
        if number < facts["phase"] or course.ended:
            continue
        resumed = number == facts["phase"] and facts["epoch"] > 0
        _fit(
            model,
            phase,
            (number, recipe),
            data,
            class_weights,
            course,
            kept,
            (facts, arrays) if resumed else None,
            on_epoch,
        )
    return course


def _fit(
    model: Any,
    phase: Phase,
    where: tuple[int, Recipe],
    data: Data,
    class_weights: dict[int, float],
    course: Course,
    kept: Checkpoints,
    state: tuple[dict[str, Any], dict[str, list[np.ndarray]]] | None,
    on_epoch: OnEpoch,
) -> None:
    """Run one phase, or what is left of it."""
    import keras

    optimizers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    number, recipe = where
    backbones.unfreeze(model, phase.unfreeze)
    model.compile(optimizers[phase.optimizer](phase.learning_rate), "categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    rate, patience, first = LearningRate(phase), Patience(phase.early_stopping), 0
    if state:
        facts, arrays = state
        rate.state, patience.state, first = facts["rate"], facts["patience"], facts["epoch"]
        for variable, value in zip(model.optimizer.variables, arrays["optimizer"], strict=True):
            variable.assign(value)
        if facts["over"]:
            return
    began = time.monotonic()
    for epoch in range(first, phase.epochs):
        model.optimizer.learning_rate = rate.of(epoch)
        metrics = _epoch(model, data, phase, class_weights, course, runtime.seed_of(recipe.seed, number, epoch))
        metrics["learning_rate"] = rate.now
        if not np.isfinite([metrics["loss"], metrics["val_loss"]]).all():
            raise TrainingDiverged(
                f"the loss became {metrics['loss']} (validation {metrics['val_loss']}) in epoch {epoch + 1}; "
                f"lower train.phases.{number - 1}.learning_rate, now {phase.learning_rate:g}"
            )
        rate.seen(metrics)
        course.seen(model, {"phase": number, "epoch": epoch + 1, **metrics})
        over = patience.seen(metrics) or course.ended
        facts = {"phase": number, "epoch": epoch + 1, "over": over, "rate": rate.state, "patience": patience.state}
        best = {f"best-{metric}": best.weights for metric, best in course.best.items()}
        optimizer = [np.asarray(variable) for variable in model.optimizer.variables]
        arrays = {"weights": model.get_weights(), "optimizer": optimizer, **best}
        kept.save(len(course.history), facts | {"course": course.facts()}, arrays)
        left = (time.monotonic() - began) / (epoch + 1 - first) * (phase.epochs - epoch - 1)
        left = min(left, course.seconds_left)
        on_epoch(EpochReport(number, len(recipe.train.phases), epoch + 1, phase.epochs, metrics, left))
        if over:
            return


def _epoch(
    model: Any, data: Data, phase: Phase, class_weights: dict[int, float], course: Course, seed: int
) -> dict[str, float]:
    """Learn from every training image once, in an order and with dropout that the seed alone decides."""
    import keras

    def batch_end(batch: int, logs: dict[str, Any]) -> None:
        if course.out_of_time:
            model.stop_training = True

    runtime.reseed(model, seed)
    images, labels = data["train"]
    order = np.random.default_rng(seed).permutation(len(images))
    history = model.fit(
        images[order],
        labels[order],
        validation_data=data["validation"],
        batch_size=phase.batch,
        epochs=1,
        shuffle=False,
        class_weight=class_weights,
        callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=batch_end)],
        verbose=0,
    ).history
    return {name: float(values[-1]) for name, values in history.items()}
