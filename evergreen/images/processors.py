"""How many threads compute.

TensorFlow's number changes the bits of a model and of its scores, for a sum that is shared out otherwise rounds
otherwise (measured: those of small batches differ in their last digits), so it is part of the key of every step that
computes with it. How many work on images changes no bit of anything.
"""

import os
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evergreen.sections.training import Train

VARIABLE = "EVERGREEN_THREADS"
LOGICAL_CPUS = "EVERGREEN_LOGICAL_CPUS"
_MOST = 1024

# The number in the key of the step that is running; outside a step TensorFlow takes what `processors` says.
of_this_step: ContextVar[int | None] = ContextVar("of_this_step", default=None)


@cache
def processors() -> int:
    """Return how many processors this process may use, as it first found it: a key stays true while it runs."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def image_threads() -> int:
    """Return how many threads work on images: ``EVERGREEN_THREADS``, else as many as this process may use processors.

    Raises:
        ValueError: the variable holds no whole number of 1 to 1024.
    """
    text = os.environ.get(VARIABLE, "")
    return image_threads_from(text) if text else processors()


def image_threads_from(text: str) -> int:
    """Return what ``EVERGREEN_THREADS`` says.

    Raises:
        ValueError: it is no whole number of 1 to 1024.
    """
    return _whole(VARIABLE, text)


def logical_cpus() -> int:
    """Return how many parts of the processor stand in for GPUs, for tests: ``EVERGREEN_LOGICAL_CPUS``, else 1.

    Raises:
        ValueError: the variable holds no whole number of 1 to 1024.
    """
    text = os.environ.get(LOGICAL_CPUS, "")
    return logical_cpus_from(text) if text else 1


def logical_cpus_from(text: str) -> int:
    """Return what ``EVERGREEN_LOGICAL_CPUS`` says.

    Raises:
        ValueError: it is no whole number of 1 to 1024.
    """
    return _whole(LOGICAL_CPUS, text)


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        raise ValueError(f"{name}: expected a whole number of 1 to {_MOST}, received {text!r}")
    return int(text)


def threads_of(train: "Train") -> int:
    """Return on how many threads TensorFlow computes for a recipe on this machine."""
    return processors() if train.threads == "auto" else train.threads
