"""evergreen.vision.training.rates: schedules against their formulas, and what they multiply with."""

import math
from typing import Any

import numpy as np
import pytest

from evergreen.sections.phases import Phase
from evergreen.vision.training.rates import LearningRate, schedule


def _row(**metrics: float) -> dict[str, float]:
    return {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5} | metrics


def _schedule(steps: int, **phase: Any) -> list[float]:
    return [schedule(Phase(epochs=1, **phase), step, steps) for step in range(steps)]


def test_one_cycle_is_pytorchs_step_for_step() -> None:
    """torch.optim.lr_scheduler.OneCycleLR, as its documentation and code have it, with a max_lr of 1."""

    def pytorch(step: int, steps: int, pct_start: float, div_factor: float, least: float) -> float:
        peak, last = float(pct_start * steps) - 1, steps - 1
        start, end, first, then = (0, peak, 1 / div_factor, 1.0) if step <= peak else (peak, last, 1.0, least)
        return then + (first - then) / 2.0 * (1 + math.cos(math.pi * (step - start) / (end - start)))

    for steps, pct_start in ((10, 0.3), (97, 0.25), (100, 0.31)):
        ours = _schedule(steps, schedule="one-cycle", warmup=pct_start)
        assert ours == pytest.approx([pytorch(step, steps, pct_start, 25, 0) for step in range(steps)])
    assert _schedule(10, schedule="one-cycle") == _schedule(10, schedule="one-cycle", warmup=0.3)


def test_triangular_rises_and_falls_in_a_line() -> None:
    values = _schedule(100, schedule="triangular", warmup=0.23, start_factor=0.2, end_factor=0.07)
    assert values == pytest.approx(np.interp(range(100), [0, 22, 99], [0.2, 1, 0.07]).tolist())
    assert (values[0], values[22], values[99]) == (0.2, 1, pytest.approx(0.07))


def test_cosine_falls_in_half_a_cosine_and_may_rise_before() -> None:
    expected = [(1 + math.cos(math.pi * step / 8)) / 2 for step in range(9)]
    assert _schedule(9, schedule="cosine") == pytest.approx(expected)
    rising = _schedule(12, schedule="cosine", warmup=1 / 3, start_factor=0.1)
    assert rising[:4] == pytest.approx([0.1, 0.4, 0.7, 1])
    assert rising[3:] == pytest.approx(expected)


def test_constant_stays_after_it_rose() -> None:
    assert _schedule(5) == [1] * 5
    assert _schedule(6, warmup=0.5) == pytest.approx([0.04, 0.52, 1, 1, 1, 1])


@pytest.mark.parametrize("kind", ["constant", "cosine", "one-cycle", "triangular"])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_phase_of_few_steps_learns(kind: str, steps: int) -> None:
    values = _schedule(steps, schedule=kind, warmup=0.3)
    assert all(0 <= value <= 1 for value in values)
    assert max(values) > 0.4


def test_a_rate_is_the_product_of_all_that_lowers_it_and_never_below_the_least() -> None:
    plateau = {"factor": 0.5, "patience": 1, "min_learning_rate": 0.01}
    phase = Phase(epochs=3, learning_rate=0.8, decay=0.9, schedule="triangular", warmup=0.5, reduce_on_plateau=plateau)
    rate = LearningRate(phase, 4)
    assert rate.by_step
    seen = []
    for epoch, loss in enumerate([1.0, 1.0, 0.9]):
        seen += [rate.of(epoch, step) for step in range(4)]
        assert rate.now == seen[-1]
        rate.seen(_row(val_loss=loss))
    factors = [0.9**epoch * (0.5 if epoch == 2 else 1) for epoch in range(3) for _ in range(4)]
    lines = np.interp(range(12), [0, 5, 11], [0.04, 1, 0])
    assert seen == pytest.approx([max(0.01, 0.8 * line * factor) for line, factor in zip(lines, factors, strict=True)])
    assert seen[-1] == 0.01


def test_a_rate_without_a_schedule_stays_for_an_epoch() -> None:
    assert not LearningRate(Phase(epochs=3), 4).by_step
    assert LearningRate(Phase(epochs=3, warmup=0.1), 4).by_step


def test_decay_and_reduction_multiply() -> None:
    phase = Phase(
        epochs=9,
        learning_rate=0.1,
        decay=0.9,
        reduce_on_plateau={"factor": 0.5, "patience": 2, "min_learning_rate": 0.02},
    )
    rate = LearningRate(phase, 3)
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
    rate = LearningRate(phase, 3)
    for accuracy, expected in ((0.1, 1), (0.2, 1), (0.2, 0.1)):
        rate.seen(_row(val_accuracy=accuracy))
        assert rate.of(0) == pytest.approx(expected)
