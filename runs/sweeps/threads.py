"""How many threads each of several trainings at once computes on."""

from __future__ import annotations

from evergreen.images.processors import processors
from evergreen.sweeping.space import Space


def shared_out(space: Space) -> tuple[list[str], list[str]]:
    """Return the pairs that every trial has beside the sweep's own, and what is to be said of them.

    Where several trials run at once and the recipe leaves its threads to the machine, each gets its share: the number
    is part of a training's key, so whoever retrains the winner must name it to find its model.

    Args:
        space: of the sweep.
    """
    parallel, train = space.sweep.parallel, space.base.train
    if parallel == 1 or train.threads != "auto":
        return [], []
    threads = max(1, processors() // parallel)
    pair = f"train.threads={threads}"
    return [pair], [
        f"{parallel} trials at once on {processors()} processors: {pair} for each, which is part of what a training "
        "is; the line that retrains the winner names it"
    ]
