"""The phases of a training, one epoch after the other, from the beginning or from a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.errors import TrainingDiverged
from evergreen.vision.networks import activations, backbones, batch_norm, runtime
from evergreen.vision.training.batches import Batches, Feed, small_last
from evergreen.vision.training.course import Course, Patience
from evergreen.vision.training.losses import focus, follow, smoothed
from evergreen.vision.training.material import Material, Source
from evergreen.vision.training.mirrored import spread
from evergreen.vision.training.optimizers import optimizer_of
from evergreen.vision.training.rates import LearningRate
from evergreen.vision.training.variables import assign, outside, put

if TYPE_CHECKING:
    from evergreen.sections.phases import Phase
    from evergreen.vision.training.checkpoint import Checkpoints, State


_MOST_BATCHES = 10**6
_MEASURED_BATCHES, _MEASURED_IMAGES = 100, 6_400


@dataclass(frozen=True)
class EpochReport:
    """What is known after one epoch.

    Attributes:
        phase, phases: which phase, from 1, of how many.
        epoch, epochs: which epoch of the phase, from 1, of at most how many.
        metrics: loss, accuracy, val_loss, val_accuracy, learning_rate.
        seconds_left: at most this long until the phase ends, in seconds.
        who: of a teacher that is trained first, what it is called; empty of the network itself.
        beside: whether it is one of several that are trained at the same time; ``who`` says which.
    """

    phase: int
    phases: int
    epoch: int
    epochs: int
    metrics: dict[str, float]
    seconds_left: float
    who: str = ""
    beside: bool = False


@dataclass(frozen=True)
class Midway:
    """Where an epoch was stopped: after so many batches, with these states of its seeds and its metrics."""

    batch: int = 0
    arrays: Mapping[str, list[np.ndarray]] = field(default_factory=dict)


class Fitting:
    """One training. Every epoch is a function of the state before it, the seed and its number.

    Nothing is drawn that a resumed training would not draw alike: the order follows from the seed and the epoch, the
    augmentation from the seed, the epoch (in a frozen phase: the view) and the image.
    """

    def __init__(self, model: Any, source: Source, kept: Checkpoints, on_epoch: Callable[[EpochReport], None]) -> None:
        """Take an uncompiled model, what it learns from, where its states are kept, and who hears of an epoch."""
        self._model, self._source, self._kept, self._on_epoch = model, source, kept, on_epoch
        self._recipe = source.recipe
        self._course = Course(source.recipe.train)
        self._learning, self._judging = Feed(), Feed()
        self._last: Mapping[str, Any] = {"phase": 1, "epoch": 0, "batch": 0}

    def run(self, state: State | None) -> Course:
        """Run the phases, or what a checkpoint says is left of them, and return what came of them."""
        facts, arrays = state or ({"phase": 1}, {})
        if state:
            best = {metric: arrays.get(f"best-{metric}", []) for metric in self._course.best}
            self._course.restore(facts["course"], best)
            self._last = facts
            put(self._model, arrays["weights"])
        for number, phase in enumerate(self._recipe.train.phases, start=1):
            if number < facts["phase"] or self._course.ended:
                continue
            self._phase(number, phase, (facts, arrays) if state and number == facts["phase"] else None)
        return self._course

    def stopped(self) -> dict[str, Any]:
        """Return how far the training had come when it was stopped, as ``ended.words`` takes it."""
        return self._course.told(self._last["phase"], self._last["epoch"], bool(self._last["batch"]))

    def _phase(self, number: int, phase: Phase, state: State | None) -> None:
        """Run one phase, or what is left of it."""
        backbones.unfreeze(self._model, phase)
        batch_norm.fuse(self._model)
        activations.fuse(self._model)
        material = self._source.material(number, phase, self._model)
        self._learning, self._judging = Feed(), Feed()  # of this phase's rows and batches
        self._course.leave_out(material.once())
        learner = material.learner
        learner.compile(
            optimizer_of(phase, learner),
            "categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=runtime.may_compile(),
        )
        spread(learner)
        focal, teachers = self._recipe.train.focal, self._source.teachers
        if teachers:
            follow(learner, teachers.temperature, teachers.weight, focal)
        elif focal:
            focus(learner, focal)
        learner.optimizer.build(learner.trainable_variables)
        rows = len(self._source.sides["train"].rows)
        momenta = [norm.momentum for norm in batch_norm.layers_of(learner) if norm.trainable]
        if told := small_last(rows, phase.batch, min(momenta, default=1.0)):
            self._source.say(f"phase {number}: {told}")
        rate = LearningRate(phase, -(-rows // phase.batch))
        patience, first, batch = Patience(phase.early_stopping), 0, 0
        if state:
            facts, arrays = state
            rate.state, patience.state, first, batch = facts["rate"], facts["patience"], facts["epoch"], facts["batch"]
            assign(learner.optimizer.variables, arrays["optimizer"])
            if facts["over"]:
                return
        began = time.monotonic()
        for epoch in range(first, phase.epochs):
            before: dict[str, Any] = {"phase": number, "epoch": epoch, "over": False}
            before |= {"rate": dict(rate.state), "patience": dict(patience.state)}
            learner.optimizer.learning_rate = rate.of(epoch)
            midway = Midway(batch, state[1]) if state and epoch == first and batch else Midway()
            metrics, learning, cut = self._epoch(material, phase, before, midway, rate)
            metrics["learning_rate"] = rate.now
            if not np.isfinite([metrics["loss"], metrics["val_loss"]]).all():
                raise TrainingDiverged(
                    f"the loss became {metrics['loss']} (validation {metrics['val_loss']}) in epoch {epoch + 1}; "
                    f"lower train.phases.{number - 1}.learning_rate, now {phase.learning_rate:g}"
                )
            rate.seen(metrics)
            learned = self._learned(number)
            self._course.seen(learned, {"phase": number, "epoch": epoch + 1, **metrics})
            if learning:
                assign(learner.weights, learning)
                learned = self._learned(number)
            patient = patience.seen(metrics)
            over = self._course.over(number, epoch + 1, patient, cut)
            if not cut:  # else the state from which a longer limit goes on is kept already
                after = {"epoch": epoch + 1, "over": patient, "rate": rate.state, "patience": patience.state}
                self._save(before | after, learned, learner.optimizer)
            left = (time.monotonic() - began) / (epoch + 1 - first) * (phase.epochs - epoch - 1)
            left = min(left, self._course.seconds_left)
            phases = len(self._recipe.train.phases)
            self._on_epoch(EpochReport(number, phases, epoch + 1, phase.epochs, metrics, left))
            if over:
                return

    def _epoch(
        self, material: Material, phase: Phase, facts: dict[str, Any], midway: Midway, rate: LearningRate
    ) -> tuple[dict[str, float], list[np.ndarray], bool]:
        """Learn from every training image once, in an order and with dropout that the seed alone decides.

        Whatever stops it midway (a cancelled run, Ctrl-C, the time limit) leaves a checkpoint of the batches that were
        done.

        Returns:
            The metrics; the weights that learning goes on from, if the model holds their average now; and whether the
            time limit cut it.
        """
        import keras

        number, epoch = facts["phase"], facts["epoch"]
        seed = runtime.seed_of(self._recipe.seed, number, epoch)
        training, gather = material.training(epoch)
        self._course.leave_out(material.once())
        order = np.random.default_rng(seed).permutation(len(training.rows))
        runtime.reseed(self._model, seed)
        learner = material.learner
        self._course.begin()
        before = int(learner.optimizer.iterations.numpy()) - midway.batch
        learning: list[np.ndarray] = []
        kept = cut = False

        def keep() -> bool:
            """Keep the state after the batches that are done, unless none or all are; once."""
            nonlocal kept
            done = int(learner.optimizer.iterations.numpy()) - before
            if kept or not 0 < done < -(-len(order) // phase.batch):
                return False
            kept = True
            seeds = [np.asarray(state) for state in runtime.seeds(self._model)]
            metrics = [np.asarray(variable) for variable in learner.metrics_variables]
            self._save(facts, self._learned(number), learner.optimizer, done, {"seeds": seeds, "metrics": metrics})
            return True

        def out_of_time() -> bool:
            nonlocal cut
            cut = self._course.out_of_time and keep()
            return cut

        def label(positions: np.ndarray) -> np.ndarray:
            labels = smoothed(training.labels[positions], self._recipe.train.label_smoothing)
            if training.taught is None:
                return labels
            return np.concatenate([labels, training.taught[positions]], axis=1)

        def batch_begin(number: int, logs: Any) -> None:
            if rate.by_step:
                learner.optimizer.learning_rate = rate.of(epoch, midway.batch + number)

        def average() -> None:
            if not phase.ema_momentum:
                return
            learning.extend(np.array(variable) for variable in learner.weights)
            learner.optimizer.finalize_variable_values(learner.trainable_variables)
            # As outside training, without augmentation; features of a frozen backbone stay those of a view.
            measured = min(_MEASURED_BATCHES, max(1, _MEASURED_IMAGES // phase.batch))
            some = order[: measured * phase.batch]
            shown = Batches(training, phase.batch, some, gather if phase.unfreeze == "none" else None)
            batch_norm.measure(learner, (rows for rows, _, _ in shown))

        try:
            history = learner.fit(
                self._learning.of(Batches(training, phase.batch, order[midway.batch * phase.batch :], gather, label)),
                validation_data=self._judging.of(Batches(material.validation, phase.batch)),
                epochs=1,
                shuffle=False,
                callbacks=[
                    self._callback(learner, midway, average, out_of_time),
                    keras.callbacks.LambdaCallback(on_train_batch_begin=batch_begin),
                ],
                verbose=0,
            ).history
        except BaseException:
            keep()
            raise
        return {name: float(values[-1]) for name, values in history.items()}, learning, cut

    def _callback(
        self, learner: Any, midway: Midway, average: Callable[[], None], out_of_time: Callable[[], bool]
    ) -> Any:
        """Return what takes up an epoch that was stopped midway, ends one at the time limit, and averages to judge."""
        import keras

        def epoch_begin(epoch: int, logs: Any) -> None:
            if midway.batch:
                assign(runtime.seeds(self._model), midway.arrays.get("seeds", []))  # none without dropout
                some = np.zeros((1, learner.output_shape[-1]), np.float32)
                learner.compute_metrics(None, some, some)  # else they have no variables before the first batch
                assign(learner.metrics_variables, midway.arrays["metrics"])

        def batch_end(batch: int, logs: Any) -> None:
            if out_of_time():
                learner.stop_training = True

        return keras.callbacks.LambdaCallback(
            on_epoch_begin=epoch_begin,
            on_train_batch_end=batch_end,
            on_test_begin=lambda logs: average(),  # Keras itself would do it after the validation
        )

    def _learned(self, number: int) -> list[np.ndarray]:
        """Return the weights that the phases so far can have changed."""
        phases = self._recipe.train.phases[:number]
        whole = self._recipe.train.backbone == "cnn" or any(phase.unfreeze != "none" for phase in phases)
        return [np.asarray(variable) for variable in (self._model.weights if whole else outside(self._model))]

    def _save(
        self,
        facts: dict[str, Any],
        learned: list[np.ndarray],
        optimizer: Any,
        batch: int = 0,
        midway: Mapping[str, list[np.ndarray]] | None = None,
    ) -> None:
        """Keep the state after so many epochs, and batches of the next."""
        best = {f"best-{metric}": best.weights for metric, best in self._course.best.items()}
        state = [np.asarray(variable) for variable in optimizer.variables]
        arrays = {"weights": learned, "optimizer": state, **best, **(midway or {})}
        number = len(self._course.history) * _MOST_BATCHES + batch
        self._last = facts | {"batch": batch}
        self._kept.save(number, {**self._last, "course": self._course.facts()}, arrays)
