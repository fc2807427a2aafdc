"""Trainings that stay where their run is, because a cluster computes the features that take nearly all of their time.

A backbone that no phase trains is asked about each picture once, by all workers together; what is left is a head, which
learns in seconds. Sent out whole, the training would have one worker compute all features, and each fold those of all.
"""

from __future__ import annotations

from collections.abc import Callable

from evergreen.recipe import Recipe
from evergreen.vision.training.features import stayed_frozen

_MOST_CHANNELS = 2048  # of a backbone's last maps, pooled
_GIB = 2**30


def stays(recipe: Recipe, images: Callable[[], int]) -> bool:
    """Whether features are all that is costly in a training, and are sure to be kept.

    Args:
        recipe: its ``train`` is read.
        images: says how many it learns from or is judged by, at most; not asked where its recipe decides.
    """
    train = recipe.train
    if not stayed_frozen(train) or train.teacher or train.devices != 1:
        return False
    if train.head.convolutions or train.head.pooling == "flatten":
        return False  # whole maps travel slower than they are computed
    return images() * (train.views + 1) * _MOST_CHANNELS * 4 <= train.features_gib * _GIB
