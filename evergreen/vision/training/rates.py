"""The learning rate of a phase, from step to step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from evergreen.vision.training.course import waited

if TYPE_CHECKING:
    from evergreen.sections.phases import Phase


class LearningRate:
    """The learning rate of a phase.

    In a step it is ``max(min_learning_rate, learning_rate * schedule(step) * decay ** epoch * reductions)``, where the
    first is the plateau's or 0, and the last the product of every reduction so far. In Keras a scheduler would override
    what ReduceLROnPlateau has set.
    """

    def __init__(self, phase: Phase, steps: int) -> None:
        """Take a phase, and the steps of each of its epochs."""
        self._phase, self._steps = phase, steps
        self.state: dict[str, float] = {"factor": 1.0, "best": np.inf, "waited": 0}
        self.now = phase.learning_rate

    @property
    def by_step(self) -> bool:
        """Whether the rate changes within an epoch."""
        return self._phase.schedule != "constant" or self._phase.rises > 0

    def of(self, epoch: int, step: int = 0) -> float:
        """Return the rate of a step of an epoch, both from 0."""
        phase, plateau = self._phase, self._phase.reduce_on_plateau
        floor = plateau.min_learning_rate if plateau else 0.0
        factor = schedule(phase, epoch * self._steps + step, phase.epochs * self._steps)
        self.now = max(floor, phase.learning_rate * factor * phase.decay**epoch * self.state["factor"])
        return self.now

    def seen(self, metrics: dict[str, float]) -> None:
        """Reduce the rate once so many epochs were no better."""
        plateau = self._phase.reduce_on_plateau
        if plateau is None:
            return
        if waited(self.state, metrics, plateau.monitor) >= plateau.patience:
            self.state |= {"factor": self.state["factor"] * plateau.factor, "waited": 0}


def schedule(phase: Phase, step: int, steps: int) -> float:
    """Return the factor of a step on a phase's learning rate.

    The first ``warmup * steps`` steps rise, from ``start_factor`` in the first to 1 in the last of them; the others
    fall, to ``end_factor`` in the last, or stay. ``constant`` and ``cosine`` rise in a line; ``cosine`` falls in half a
    cosine (Loshchilov and Hutter 2016, arXiv:1608.03983, without restarts). ``one-cycle`` rises and falls in half a
    cosine, step for step as PyTorch's ``OneCycleLR``, but without its cycle of momentum (Smith and Topin 2017,
    arXiv:1708.07120). ``triangular`` rises and falls in a line, as airbench94 does (Jordan 2024, arXiv:2404.00498: from
    0.2 up to 1 at 0.23 of the steps, and down to 0.07).

    Args:
        phase: its schedule, warmup, start_factor and end_factor are read.
        step: from 0, below ``steps``.
        steps: of the whole phase as planned.

    Returns:
        0 to 1.
    """
    highest = max(0.0, phase.rises * steps - 1)
    if step < highest:
        return _between(phase.start_factor, 1.0, step / highest, phase.schedule == "one-cycle")
    if phase.schedule == "constant" or step == highest:
        return 1.0
    share = (step - highest) / (steps - 1 - highest)
    return _between(1.0, phase.end_factor, share, phase.schedule != "triangular")


def _between(first: float, last: float, share: float, cosine: bool) -> float:
    """Return what lies between two values after a share of the way, in a line or in half a cosine."""
    return first + (last - first) * ((1 - math.cos(math.pi * share)) / 2 if cosine else share)
