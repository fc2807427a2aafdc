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
from evergreen.vision.course import Course, LearningRate

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
    runtime.start(recipe.seed)
    preflight.check(networks.build(recipe.train, recipe.image, len(classes)), *data["train"], recipe.train)
    runtime.start(recipe.seed)  # anew: what the check drew and built must not show in the training
    model = networks.build(recipe.train, recipe.image, len(classes))
    weights = {index: class_weights[name] for index, name in enumerate(classes)}
    course = Course(recipe.train)
    for number, phase in enumerate(recipe.train.phases, start=1):
        if not course.ended:
            _fit(model, phase, (number, len(recipe.train.phases)), data, weights, course, on_epoch)
    for metric, file in {recipe.train.keep: model_file, **(others or {})}.items():
        kept = networks.build(recipe.train, recipe.image, len(classes))  # anew: without the optimizer's state
        kept.set_weights(course.best[metric].weights)
        saving.save(kept, file)
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


def _fit(
    model: Any,
    phase: Phase,
    number: tuple[int, int],
    data: dict[str, tuple[np.ndarray, np.ndarray]],
    class_weights: dict[int, float],
    course: Course,
    on_epoch: OnEpoch,
) -> None:
    """Run one phase; what came of it is in ``course``."""
    import keras

    optimizers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    backbones.unfreeze(model, phase.unfreeze)
    model.compile(optimizers[phase.optimizer](phase.learning_rate), "categorical_crossentropy", metrics=["accuracy"])
    rate = LearningRate(phase)
    began = time.monotonic()

    def end(epoch: int, logs: dict[str, Any]) -> None:
        metrics = {name: float(value) for name, value in logs.items()}
        metrics["learning_rate"] = rate.now
        if not np.isfinite([metrics["loss"], metrics["val_loss"]]).all():
            raise TrainingDiverged(
                f"the loss became {metrics['loss']} (validation {metrics['val_loss']}) in epoch {epoch + 1}; "
                f"lower train.phases.{number[0] - 1}.learning_rate, now {phase.learning_rate:g}"
            )
        rate.seen(metrics)
        course.seen(model, {"phase": number[0], "epoch": epoch + 1, **metrics})
        left = (time.monotonic() - began) / (epoch + 1) * (phase.epochs - epoch - 1)
        on_epoch(EpochReport(*number, epoch + 1, phase.epochs, metrics, min(left, course.seconds_left)))
        if course.ended:
            model.stop_training = True

    def batch_end(batch: int, logs: dict[str, Any]) -> None:
        if course.out_of_time:
            model.stop_training = True

    callbacks: list[Any] = [
        keras.callbacks.LearningRateScheduler(rate.of),
        keras.callbacks.LambdaCallback(on_epoch_end=end, on_train_batch_end=batch_end),
    ]
    if phase.early_stopping:
        stopping = phase.early_stopping
        callbacks.append(keras.callbacks.EarlyStopping(stopping.monitor, patience=stopping.patience))
    model.fit(
        *data["train"],
        validation_data=data["validation"],
        batch_size=phase.batch,
        epochs=phase.epochs,
        class_weight=class_weights,
        callbacks=callbacks,
        verbose=0,
    )
