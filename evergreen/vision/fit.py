"""The phases of a training, one epoch after the other, from the beginning or from a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.errors import TrainingDiverged
from evergreen.vision import backbones, networks, runtime
from evergreen.vision.augment import Augmenter
from evergreen.vision.batches import Side, augmented, batches
from evergreen.vision.cache import Rows
from evergreen.vision.course import Course, LearningRate, Patience
from evergreen.vision.features import Features

if TYPE_CHECKING:
    from evergreen.recipe import Recipe
    from evergreen.sections.training import Phase
    from evergreen.vision.checkpoint import Checkpoints
    from evergreen.vision.threads import Threads

State = tuple[dict[str, Any], dict[str, list[np.ndarray]]]

_GIB = 2**30


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


class Fitting:
    """One training. Every epoch is a function of the state before it, the seed and its number.

    Nothing is drawn that a resumed training would not draw alike: the order follows from the seed and the epoch, the
    augmentation from the seed, the epoch (in a frozen phase: the view) and the image.
    """

    def __init__(
        self,
        model: Any,
        recipe: Recipe,
        sides: Mapping[str, Side],
        kept: Checkpoints,
        features: Path | None,
        threads: Threads,
        on_epoch: Callable[[EpochReport], None],
        say: Callable[[str], None],
    ) -> None:
        """Take an uncompiled model, the sides ``train`` and ``validation`` of images, and where features are kept."""
        self._model, self._recipe, self._sides = model, recipe, sides
        self._kept, self._features, self._threads = kept, features, threads
        self._on_epoch, self._say = on_epoch, say
        self._augmenter = Augmenter(recipe.augment, recipe.seed)
        self._course = Course(recipe.train)

    def run(self, state: State | None) -> Course:
        """Run the phases, or what a checkpoint says is left of them, and return what came of them."""
        facts, arrays = state or ({"phase": 1, "epoch": 0}, {})
        if state:
            best = {metric: arrays.get(f"best-{metric}", []) for metric in self._course.best}
            self._course.restore(facts["course"], best)
            put(self._model, arrays["weights"])
        for number, phase in enumerate(self._recipe.train.phases, start=1):
            if number < facts["phase"] or self._course.ended:
                continue
            resumed = number == facts["phase"] and facts["epoch"] > 0
            self._phase(number, phase, (facts, arrays) if resumed else None)
        return self._course

    def _phase(self, number: int, phase: Phase, state: State | None) -> None:
        """Run one phase, or what is left of it."""
        backbones.unfreeze(self._model, phase.unfreeze)
        source = self._source(number, phase)
        learner = source.learner
        learner.compile(
            _optimizer(phase), "categorical_crossentropy", metrics=["accuracy"], jit_compile=runtime.may_compile()
        )
        learner.optimizer.build(learner.trainable_variables)
        rate, patience, first = LearningRate(phase), Patience(phase.early_stopping), 0
        if state:
            facts, arrays = state
            rate.state, patience.state, first = facts["rate"], facts["patience"], facts["epoch"]
            for variable, value in zip(learner.optimizer.variables, arrays["optimizer"], strict=True):
                variable.assign(value)
            if facts["over"]:
                return
        began = time.monotonic()
        for epoch in range(first, phase.epochs):
            learner.optimizer.learning_rate = rate.of(epoch)
            metrics = self._epoch(source, phase, epoch, runtime.seed_of(self._recipe.seed, number, epoch))
            metrics["learning_rate"] = rate.now
            if not np.isfinite([metrics["loss"], metrics["val_loss"]]).all():
                raise TrainingDiverged(
                    f"the loss became {metrics['loss']} (validation {metrics['val_loss']}) in epoch {epoch + 1}; "
                    f"lower train.phases.{number - 1}.learning_rate, now {phase.learning_rate:g}"
                )
            rate.seen(metrics)
            learned = self._learned(number)
            self._course.seen(learned, {"phase": number, "epoch": epoch + 1, **metrics})
            over = patience.seen(metrics) or self._course.ended
            facts = {"phase": number, "epoch": epoch + 1, "over": over, "rate": rate.state, "patience": patience.state}
            self._save(facts, learned, learner.optimizer)
            left = (time.monotonic() - began) / (epoch + 1 - first) * (phase.epochs - epoch - 1)
            left = min(left, self._course.seconds_left)
            phases = len(self._recipe.train.phases)
            self._on_epoch(EpochReport(number, phases, epoch + 1, phase.epochs, metrics, left))
            if over:
                return

    def _epoch(self, source: _Source, phase: Phase, epoch: int, seed: int) -> dict[str, float]:
        """Learn from every training image once, in an order and with dropout that the seed alone decides."""
        import keras

        def batch_end(batch: int, logs: dict[str, Any]) -> None:
            if self._course.out_of_time:
                source.learner.stop_training = True

        training, gather = source.training(epoch)
        order = np.random.default_rng(seed).permutation(len(training.rows))
        runtime.reseed(self._model, seed)
        history = source.learner.fit(
            batches(training, phase.batch, order, gather),
            validation_data=batches(source.validation, phase.batch),
            epochs=1,
            shuffle=False,
            callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=batch_end)],
            verbose=0,
        ).history
        return {name: float(values[-1]) for name, values in history.items()}

    def _source(self, number: int, phase: Phase) -> _Source:
        """Decide whether a phase learns from images or, if its backbone is frozen, from the backbone's features."""
        frozen = phase.unfreeze == "none" and self._recipe.train.backbone != "cnn"
        train = self._recipe.train
        views = min(train.views, phase.epochs) if self._augmenter.active else 1
        if frozen:
            before, head = networks.halves(self._model)
            features = Features.of(before, self._features, train)
            rows = len(self._sides["train"].rows) * views + len(self._sides["validation"].rows)
            gib = rows * features.bytes_each / _GIB
            seen = f"{views} view{'s' if views > 1 else ''} of each image"
            if gib <= train.features_gib:
                self._say(f"phase {number}: the backbone is frozen; its features of {seen} are kept, {gib:.2f} GiB")
                return _FromFeatures(head, features, self._sides, self._augmenter, views, self._threads, self._say)
            self._say(
                f"phase {number}: the backbone is frozen, and its features of {seen} would take {gib:.2f} GiB, over "
                f"train.features_gib ({train.features_gib:g}): every epoch runs through the backbone"
            )
        first = 0 if frozen else number * 1_000_000  # a view for each epoch of the training; of a frozen phase, few
        return _FromImages(self._model, self._sides, self._augmenter, first, views if frozen else None, self._threads)

    def _learned(self, number: int) -> list[np.ndarray]:
        """Return the weights that the phases so far can have changed."""
        phases = self._recipe.train.phases[:number]
        whole = self._recipe.train.backbone == "cnn" or any(phase.unfreeze != "none" for phase in phases)
        return [np.asarray(variable) for variable in (self._model.weights if whole else _outside(self._model))]

    def _save(self, facts: dict[str, Any], learned: list[np.ndarray], optimizer: Any) -> None:
        best = {f"best-{metric}": best.weights for metric, best in self._course.best.items()}
        state = [np.asarray(variable) for variable in optimizer.variables]
        arrays = {"weights": learned, "optimizer": state, **best}
        self._kept.save(len(self._course.history), facts | {"course": self._course.facts()}, arrays)


class _Source:
    """What a phase learns from.

    Attributes:
        learner: the model that is fitted.
        validation: what it is judged by.
    """

    learner: Any
    validation: Side

    def training(self, epoch: int) -> tuple[Side, Callable[[np.ndarray], np.ndarray] | None]:
        """Return what an epoch of the phase, from 0, learns from, and what gathers it."""
        raise NotImplementedError


class _FromImages(_Source):
    """Images, changed anew in each epoch; with ``views``, the same few changes in turn."""

    def __init__(
        self,
        model: Any,
        sides: Mapping[str, Side],
        augmenter: Augmenter,
        first: int,
        views: int | None,
        threads: Threads,
    ) -> None:
        self.learner, self.validation = model, sides["validation"]
        self._train, self._augmenter, self._threads = sides["train"], augmenter, threads
        self._first, self._views = first, views

    def training(self, epoch: int) -> tuple[Side, Callable[[np.ndarray], np.ndarray] | None]:
        view = self._first + (epoch % self._views if self._views else epoch)
        return self._train, augmented(self._train, self._augmenter, view, self._threads)


class _FromFeatures(_Source):
    """Features of a frozen backbone; those of a view are computed when an epoch first needs them."""

    def __init__(
        self,
        head: Any,
        features: Features,
        sides: Mapping[str, Side],
        augmenter: Augmenter,
        views: int,
        threads: Threads,
        say: Callable[[str], None],
    ) -> None:
        self.learner = head
        self._features, self._train, self._augmenter = features, sides["train"], augmenter
        self._views, self._threads, self._say = views, threads, say
        self._known: dict[int, Rows] = {}
        judged = sides["validation"]
        self.validation = judged.of(features.rows(judged.rows, judged.keys, None, 0, threads))

    def training(self, epoch: int) -> tuple[Side, Callable[[np.ndarray], np.ndarray] | None]:
        view = epoch % self._views
        if view not in self._known:
            self._say(f"features of view {view + 1} of {self._views}")
            train = self._train
            self._known[view] = self._features.rows(train.rows, train.keys, self._augmenter, view, self._threads)
        return self._train.of(self._known[view]), None


def put(model: Any, weights: Sequence[np.ndarray]) -> None:
    """Give a model all its weights, or just those outside its backbone if there are only as many."""
    variables = model.weights if len(weights) == len(model.weights) else _outside(model)
    for variable, value in zip(variables, weights, strict=True):
        variable.assign(value)


def _outside(model: Any) -> list[Any]:
    """Return the weights that do not belong to the backbone."""
    inside = {id(weight) for layer in model.layers if layer.name == backbones.NAME for weight in layer.weights}
    return [weight for weight in model.weights if id(weight) not in inside]


def _optimizer(phase: Phase) -> Any:
    import keras

    optimizers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    return optimizers[phase.optimizer](phase.learning_rate)
