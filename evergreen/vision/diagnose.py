"""Diagnose labels: by what a network that never saw them makes of the images, or by their pixels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from evergreen.diagnosing.diagnosis import Diagnosis, Labelled, Seen, diagnosis, nothing
from evergreen.errors import WeightsUnavailable
from evergreen.images import pixels
from evergreen.images.pixels import Images
from evergreen.vision.networks import runtime
from evergreen.vision.pretrained import frozen, seen

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.recipe import Recipe
    from evergreen.sections.data import Image

_LITE = "EfficientNetLite0"  # its weights come with Evergreen
# Pixels a side from which a photo's own pixels say little, and below which the network is shown an enlarged picture.
_PHOTO, _LEAST_SIDE = 64, 96
_SMALL = 16  # pixels a side that pictures are compared at
_BLOCK = 1024


def diagnose(
    labelled: Labelled, images: Images, classes: list[str], recipe: Recipe, say: Callable[[str], None]
) -> Diagnosis:
    """Judge every label by the other images, never by an image's near-duplicates, and rank what is suspect.

    What images are compared by never saw their labels: features of the recipe's backbone with its pretrained weights,
    which the baseline and a frozen training keep, too; for a network without such, those of EfficientNet-Lite0 from 64
    pixels a side, and below the pixels themselves.

    Args:
        labelled: the dataset.
        images: where they are read, and where pixels and features are kept.
        classes: class names in order.
        recipe: its ``diagnose``, ``train.backbone``, ``train.weights``, ``image`` and ``seed`` are read.
        say: told, in words, what a person should know.
    """
    settings = recipe.diagnose
    if not settings.enabled:
        return nothing("diagnose.enabled is false", [])
    train = labelled.dataset["split"] == "train"
    sample = pixels.stratified_sample(labelled.dataset[train], settings.images, recipe.seed)
    chosen = labelled.dataset[~train | labelled.dataset["path"].isin(sample["path"])]
    return diagnosis(labelled, classes, chosen, partial(see, images, recipe, say))


def see(images: Images, recipe: Recipe, say: Callable[[str], None], table: pd.DataFrame) -> Seen:
    """Return what images are compared by, in a table's order, and how, in words; ``diagnose`` says by which rule."""
    network = network_of(recipe)
    if network is None:
        return _pixels(images, recipe.image, table)
    backbone, weights, image = network
    notes = []
    if weights != "imagenet":
        notes.append(f"diagnose: the weights in {weights} may have seen these labels, so errors may look right to them")
    runtime.start(recipe.seed)
    try:
        features = frozen(backbone, weights, image, images)
    except WeightsUnavailable as error:
        told = f"diagnose: by pixels, since {error}"
        say(told)
        found = _pixels(images, recipe.image, table)
        return Seen(found.features, found.how, (*found.notes, told))
    rows = seen(features, images, image, table)
    how = f"features of {backbone} with {weights} weights, of {image.height}x{image.width} pixels"
    return Seen(np.asarray(rows.gather(np.arange(len(rows))), np.float32), how, tuple(notes))


def network_of(recipe: Recipe) -> tuple[str, str, Image] | None:
    """Return which backbone with which weights makes features, and of which size of images; None for pixels."""
    train, image, wanted = recipe.train, recipe.image, recipe.diagnose.features
    if wanted == "pixels":
        return None
    if wanted == "auto" and train.backbone != "cnn" and train.weights != "none":
        return train.backbone, train.weights, image
    if wanted != _LITE and min(image.height, image.width) < _PHOTO:
        return None
    if (train.backbone, train.weights) != (_LITE, "imagenet"):
        size = {side: max(_LEAST_SIDE, getattr(image, side)) for side in ("height", "width")}
        image = image.model_copy(update=size)
    return _LITE, "imagenet", image


def _pixels(images: Images, image: Image, table: pd.DataFrame) -> Seen:
    """Return the pixels of images as numbers: 16 a side at most, grey where all pictures are."""
    import cv2

    rows = images.rows(table, image)
    size = (min(_SMALL, image.width), min(_SMALL, image.height))
    blocks = [
        np.stack([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in block])
        for block in rows.blocks(_BLOCK)
    ]
    small = np.concatenate(blocks).astype(np.float32) / 255
    if (small == small[..., :1]).all():
        small = small[..., :1]
    kind = "grey values" if small.shape[-1] == 1 else "colours"
    how = f"the {kind} of {size[1]}x{size[0]} pixels"
    return Seen(small.reshape(len(small), -1), how)
