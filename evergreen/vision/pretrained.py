"""What a pretrained backbone that stays frozen sees in images, kept under the names that a training gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from blake3 import blake3

from evergreen.images.pixels import Images
from evergreen.images.processors import of_this_step, processors
from evergreen.images.rows import Rows
from evergreen.images.views import MIRRORED, Seen
from evergreen.sections.phases import Phase
from evergreen.sections.training import Train
from evergreen.vision.networks import batch_norm, build
from evergreen.vision.training.batches import keys_of
from evergreen.vision.training.features import PLAIN, Backbone, Features

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Image


def frozen(backbone: str, weights: str, image: Image, images: Images) -> Features:
    """Return what makes features: the backbone and its average, built and named as a training's are, to share them.

    Args:
        backbone: as ``train.backbone``.
        weights: as ``train.weights``.
        image: which size images are brought to.
        images: where features are kept.

    Raises:
        WeightsUnavailable: the weights are not here.
    """
    train = Train(backbone=backbone, weights=weights, phases=(Phase(unfreeze="none", epochs=1),))
    model = build.build(train, image, 2)
    batch_norm.fuse(model)
    before, _ = build.halves(model)
    threads = of_this_step.get() or processors()
    return Features.of(before, images.features_of(image), Backbone.of(train), threads, images.others())


def seen(features: Features, images: Images, image: Image, table: pd.DataFrame, *, mirrored: bool = False) -> Rows:
    """Return the features of a table's images in its order, (C,) float32 each, or of their mirror images."""
    rows, keys = images.rows(table, image), keys_of(list(table["sha256"]))
    if mirrored:
        rows = Seen(rows, np.arange(len(rows)), MIRRORED)
        keys = [blake3(b"mirrored" + key).digest() for key in keys]
    return features.rows(keys, rows.gather, PLAIN)
