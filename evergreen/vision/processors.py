"""On how many threads TensorFlow computes: a sum that is shared out otherwise rounds otherwise.

The number changes the bits of a model and of its scores (measured: those of small batches differ in their last digits),
so it is part of the key of every step that computes with TensorFlow.
"""

import os
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evergreen.sections.training import Train

# The number in the key of the step that is running; outside a step TensorFlow takes what `processors` says.
of_this_step: ContextVar[int | None] = ContextVar("of_this_step", default=None)


@cache
def processors() -> int:
    """Return how many processors this process may use, as it first found it: a key stays true while it runs."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_of(train: "Train") -> int:
    """Return on how many threads TensorFlow computes for a recipe on this machine."""
    return processors() if train.threads == "auto" else train.threads
