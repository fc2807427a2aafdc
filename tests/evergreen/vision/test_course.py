"""evergreen.vision.course and preflight: when a training stops, what is kept, how the learning rate falls."""

from typing import Any

import keras
import numpy as np
import pytest

from evergreen.errors import PreflightFailed
from evergreen.recipe import load_recipe
from evergreen.sections.training import Phase, Train
from evergreen.vision import course as module
from evergreen.vision import networks, preflight
from evergreen.vision.batches import Side
from evergreen.vision.cache import Rows
from evergreen.vision.course import Course, LearningRate


def _train(**settings: Any) -> Train:
    return Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 9}], **settings)


def _row(**metrics: float) -> dict[str, float]:
    return {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5} | metrics


def test_the_best_by_loss_and_by_accuracy_are_kept_apart() -> None:
    course = Course(_train())
    for number, (loss, accuracy) in enumerate([(0.9, 0.5), (0.5, 0.6), (0.7, 0.8), (0.5, 0.8)]):
        course.seen([np.array(number)], _row(val_loss=loss, val_accuracy=accuracy))
    assert {metric: (best.epoch, best.weights) for metric, best in course.best.items()} == {
        "val_loss": (1, [1]), "val_accuracy": (2, [2]),
    }  # fmt: skip


def test_it_is_good_enough_when_both_are_over_their_thresholds() -> None:
    course = Course(_train(stop_when={"accuracy": 0.98, "val_accuracy": 0.98}))
    for accuracy, val_accuracy, ended in ((0.99, 0.9, False), (0.98, 0.99, False), (0.981, 0.981, True)):
        course.seen([], _row(accuracy=accuracy, val_accuracy=val_accuracy))
        assert course.ended is ended


def test_no_epoch_begins_that_would_pass_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    course = Course(_train(time_limit_minutes=1))
    for seconds, ended in ((25, False), (50, True)):
        now[0] = 1000 + seconds
        course.seen([], _row())
        assert course.ended is ended
    assert course.seconds_left == 10
    now[0] += 11
    assert course.out_of_time


def test_decay_and_reduction_multiply() -> None:
    phase = Phase(
        epochs=9,
        learning_rate=0.1,
        decay=0.9,
        reduce_on_plateau={"factor": 0.5, "patience": 2, "min_learning_rate": 0.02},
    )
    rate = LearningRate(phase)
    seen = []
    for epoch, loss in enumerate([1.0, 1.0, 1.0, 0.9, 0.9, 0.9, 0.9, 0.9]):
        seen.append(rate.of(epoch))
        rate.seen(_row(val_loss=loss))
    factors = [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]
    assert seen == pytest.approx([max(0.02, 0.1 * 0.9**epoch * factor) for epoch, factor in enumerate(factors)])


def test_a_plateau_of_accuracy_is_told_by_its_growth() -> None:
    phase = Phase(
        epochs=9, learning_rate=1, reduce_on_plateau={"monitor": "val_accuracy", "factor": 0.1, "patience": 1}
    )
    rate = LearningRate(phase)
    for accuracy, expected in ((0.1, 1), (0.2, 1), (0.2, 0.1)):
        rate.seen(_row(val_accuracy=accuracy))
        assert rate.of(0) == pytest.approx(expected)


# -- preflight ---------------------------------------------------------------------------------------------------------

RECIPE = load_recipe("digits", ["image={height: 8, width: 8}", "train.cnn=[{filters: 4}]"])
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)


def _side(images: np.ndarray = IMAGES) -> Side:
    labels = np.eye(3, dtype=np.float32)[np.arange(40) % 3]
    return Side(Rows.of(images), labels, np.ones(40, np.float32), [bytes([number]) * 32 for number in range(40)])


def _model(classes: int = 3) -> Any:
    keras.utils.set_random_seed(1)
    return networks.build(RECIPE.train, RECIPE.image, classes)


def test_a_sound_start_passes() -> None:
    preflight.check(_model(), _side(), RECIPE.train)


def test_labels_that_do_not_fit_are_found() -> None:
    with pytest.raises(PreflightFailed, match="expected 4 classes, the labels have 3"):
        preflight.check(_model(4), _side(), RECIPE.train)


def test_pixels_that_are_scaled_already_are_found() -> None:
    with pytest.raises(PreflightFailed, match="preprocessing is inside the model"):
        preflight.check(_model(), _side((IMAGES / 255).astype(np.float32)), RECIPE.train)


def test_weights_that_are_no_numbers_are_found() -> None:
    model = _model()
    model.layers[-1].set_weights([np.full_like(weight, np.nan) for weight in model.layers[-1].get_weights()])
    with pytest.raises(PreflightFailed, match="are its weights whole"):
        preflight.check(model, _side(), RECIPE.train)


def test_a_network_that_cannot_learn_is_found() -> None:
    model = _model()
    for layer in model.layers:
        layer.trainable = False
    with pytest.raises(PreflightFailed, match="no layer of the network learns"):
        preflight.check(model, _side(), RECIPE.train)


def test_a_loss_that_does_not_fall_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "_RATE", 0.0)
    recipe = load_recipe("digits", ["image={height: 8, width: 8}", "train.cnn=[{filters: 4}]", "train.head={}"])
    with pytest.raises(PreflightFailed, match="nothing is learned like this"):
        preflight.check(networks.build(recipe.train, recipe.image, 3), _side(), recipe.train)


def test_a_cnn_has_nothing_to_freeze() -> None:
    with pytest.raises(ValueError, match="which has no backbone to freeze"):
        Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 1, "unfreeze": "none"}])
    with pytest.raises(ValueError, match="expected no batch_norm: frozen"):
        Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 1, "batch_norm": "frozen"}])
