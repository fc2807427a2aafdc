"""evergreen.vision.training.course: when a training stops, and what is kept."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from evergreen.judging.ended import is_cut, words
from evergreen.sections.phases import EarlyStopping
from evergreen.sections.training import Train
from evergreen.vision.training import course as module
from evergreen.vision.training.course import Course, Patience


def _train(phases: int = 1, **settings: Any) -> Train:
    return Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 9}] * phases, **settings)


def _row(**metrics: float) -> dict[str, float]:
    return {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5} | metrics


def test_the_best_by_loss_and_by_accuracy_are_kept_apart() -> None:
    course = Course(_train())
    for number, (loss, accuracy) in enumerate([(0.9, 0.5), (0.5, 0.6), (0.7, 0.8), (0.5, 0.8)]):
        course.seen([np.array(number)], _row(val_loss=loss, val_accuracy=accuracy))
    assert {metric: (best.epoch, best.weights) for metric, best in course.best.items()} == {
        "val_loss": (1, [1]), "val_accuracy": (2, [2]),
    }  # fmt: skip


def _see(course: Course, epoch: int, phase: int = 1, patient: bool = False, **metrics: float) -> bool:
    course.seen([], _row(**metrics))
    return course.over(phase, epoch, patient)


def test_it_is_good_enough_when_both_are_over_their_thresholds() -> None:
    course = Course(_train(stop_when={"accuracy": 0.98, "val_accuracy": 0.98}))
    for epoch, (accuracy, val_accuracy, ended) in enumerate(((0.99, 0.9, None), (0.98, 0.99, None)), start=1):
        assert not _see(course, epoch, accuracy=accuracy, val_accuracy=val_accuracy)
        assert course.ended is ended
    assert _see(course, 3, accuracy=0.981, val_accuracy=0.981)
    assert course.ended == "stop_when"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))


def test_no_epoch_begins_that_would_pass_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    course = Course(_train(time_limit_minutes=1))
    for epoch, over in ((1, False), (2, True)):
        course.begin()
        clock.now += 25
        assert _see(course, epoch) is over
    assert course.ended == "time limit"
    assert course.seconds_left == 10
    clock.now += 11
    assert course.out_of_time


def test_what_is_made_once_and_kept_does_not_count_before_or_after_a_training_was_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The features of a frozen backbone: they take longer than the whole time limit, and those of another view too."""
    clock = Clock(monkeypatch)
    course = Course(_train(time_limit_minutes=1))
    clock.now += 365
    course.leave_out(365)
    for epoch in (1, 2):
        course.begin()
        clock.now += 10
        assert not _see(course, epoch)
    facts = json.loads(json.dumps(course.facts()))
    clock.now += 9999
    course = Course(_train(time_limit_minutes=1))
    course.restore(facts, {})
    assert (course.seconds_left, course.elapsed, course.once) == (40, 20, 365)
    clock.now += 200
    course.leave_out(200)
    for epoch, over in ((3, False), (4, False), (5, False), (6, True)):
        course.begin()
        clock.now += 10
        assert _see(course, epoch) is over
    assert (course.ended, course.once) == ("time limit", 565)


def test_the_time_that_was_used_counts_when_a_training_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    course = Course(_train(time_limit_minutes=1))
    course.begin()
    clock.now += 20
    assert not _see(course, 1)
    course.begin()
    clock.now += 5  # stopped within the second epoch
    facts = json.loads(json.dumps(course.facts()))
    clock.now += 9999
    course = Course(_train(time_limit_minutes=1))
    course.restore(facts, {})
    assert course.seconds_left == 35
    course.begin()
    clock.now += 15  # so the second took 20 in all
    assert _see(course, 2) is False
    assert course.seconds_left == 20


@pytest.mark.parametrize(("minutes", "ended"), [(1, "time limit"), (1.4, "time limit"), (1.5, None), (None, None)])
def test_a_longer_time_limit_takes_up_what_a_shorter_cut(
    monkeypatch: pytest.MonkeyPatch, minutes: float | None, ended: str | None
) -> None:
    clock = Clock(monkeypatch)
    course = Course(_train(time_limit_minutes=1))
    for epoch in (1, 2):
        course.begin()
        clock.now += 30
        assert _see(course, epoch) is (epoch == 2)
    again = Course(_train(time_limit_minutes=minutes))
    again.restore(course.facts(), {})
    assert again.ended == ended
    if ended is None:
        _see(again, 3)
        assert again.told()["phases"][0]["epochs"] == 3


def test_why_it_ended_is_told_of_every_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    phases = [{"epochs": 2}, {"epochs": 5}, {"epochs": 4}]
    train = Train(backbone="cnn", cnn=[{"filters": 2}], phases=phases, time_limit_minutes=1)
    course = Course(train)
    assert [_see(course, epoch) for epoch in (1, 2)] == [False, True]
    assert [_see(course, epoch, 2, patient=epoch == 3) for epoch in (1, 2, 3)] == [False, False, True]
    assert course.ended is None
    stopped = Course(train)
    stopped.restore(course.facts(), {})
    assert words(stopped.told(phase=2, epochs=3)) == (
        "it was stopped (phase 1: all epochs, 2; phase 2: 3 of 5 epochs, patience; phase 3: not begun)"
    )
    course.begin()
    clock.now += 61
    course.seen([], _row())
    assert course.over(3, 1, False, midway=True)
    assert words(course.told()) == (
        "train.time_limit_minutes cut it short (phase 1: all epochs, 2; phase 2: 3 of 5 epochs, patience; "
        "phase 3: 0 of 4 epochs and part of one, time limit)"
    )
    assert is_cut(course.told())


def test_a_rate_that_had_not_come_down_is_told_of() -> None:
    phases = [{"epochs": 2, "schedule": "cosine"}, {"epochs": 5, "schedule": "one-cycle"}, {"epochs": 4}]
    course = Course(Train(backbone="cnn", cnn=[{"filters": 2}], phases=phases))
    assert [_see(course, epoch) for epoch in (1, 2)] == [False, True]
    course.seen([], _row())
    assert course.over(2, 1, False, midway=True)
    assert words(course.told()) == (
        "train.time_limit_minutes cut it short (phase 1: all epochs, 2; phase 2: 0 of 5 epochs and part of one, time "
        "limit, before its one-cycle learning rate had come down; phase 3: not begun)"
    )


@pytest.mark.parametrize(("patient", "epoch", "why"), [(True, 3, "patience"), (False, 9, "epochs")])
def test_a_training_that_had_ended_anyway_was_not_cut(
    monkeypatch: pytest.MonkeyPatch, patient: bool, epoch: int, why: str
) -> None:
    clock = Clock(monkeypatch)
    course = Course(_train(time_limit_minutes=1))
    course.begin()
    clock.now += 59
    assert _see(course, epoch, patient=patient)
    assert course.ended == why
    assert not is_cut(course.told())


def test_a_phase_is_over_once_so_many_epochs_were_no_better() -> None:
    patience = Patience(EarlyStopping(patience=3))
    losses = [1.0, 0.9, 0.9, 0.95, 0.8, 0.8, 0.81, 0.8, 0.1]
    assert [patience.seen(_row(val_loss=loss)) for loss in losses].index(True) == 7
    patience = Patience(EarlyStopping(monitor="val_accuracy", patience=1))
    assert [patience.seen(_row(val_accuracy=share)) for share in (0.5, 0.6, 0.6)] == [False, False, True]
    assert not Patience(None).seen(_row())
