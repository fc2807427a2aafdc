"""The trainings that a network has where a recipe describes none: its size, its head, its phases, as plain values."""

from collections.abc import Iterable, Mapping
from typing import Any

Values = dict[str, Any]

CNN = "cnn"
BACKBONE = "EfficientNetLite0"
# Pixels of the images that pretrained networks learned from; 224 where nothing else is named.
SIDE_OF = {
    "EfficientNetLite1": 240,
    "EfficientNetLite2": 260,
    "EfficientNetB1": 240,
    "EfficientNetB2": 260,
    "EfficientNetB3": 300,
}
_SIDE = 224
FROZEN_EPOCHS, HEAD_EPOCHS, EPOCHS = 12, 8, 10
UNCHANGED_EPOCHS = 30  # of a head on one view: each takes a tenth of a second
# The last layers, which learn: those on maps of an eighth of the picture and less. What comes before sees edges and
# textures, which ImageNet taught well enough, on the largest maps, where an epoch's time goes.
LEARN = {"EfficientNetLite0": 107, "EfficientNetLite1": 143, "EfficientNetLite2": 143}

_FILTERS = (16, 32, 64, 128, 128)
_LEAST_SIDE = 4  # of the last feature maps, in pixels
_SMALL_SIDE = 32
_DESCRIBES_A_TRAINING = ("phases", "head", "cnn", "keep", "label_smoothing", "focal", "stop_when", "views")


def side_of(backbone: str) -> int:
    """Return the side of the images that a pretrained network learned from, in pixels."""
    return SIDE_OF.get(backbone, _SIDE)


def frozen(epochs: int = FROZEN_EPOCHS) -> Values:
    """Return values of ``train`` for a frozen backbone: a head that learns from its features."""
    phase = {"unfreeze": "none", "epochs": epochs, "learning_rate": 2.0e-3, "batch": 64, "schedule": "cosine"}
    return {"head": {"pooling": "average", "dropout": 0.2}, "views": 2, "phases": [phase]}


def tuned(backbone: str = BACKBONE, head_epochs: int = HEAD_EPOCHS, epochs: int = EPOCHS) -> Values:
    """Return values of ``train`` for a backbone whose head learns first, then its layers, earlier stages more slowly.

    Batch norms keep the moments of ImageNet, as in Keras' guide to fine-tuning
    (https://keras.io/guides/transfer_learning).
    """
    layers = {
        "unfreeze": LEARN.get(backbone, "all"),
        "batch_norm": "frozen",
        "epochs": epochs,
        "learning_rate": 3.0e-4,
        "stage_rate": 0.7,
        "batch": 32,
        "schedule": "cosine",
        "warmup": 0.1,
        "ema_momentum": 0.98,
    }
    return {
        "head": {"pooling": "average", "dropout": 0.3},
        "label_smoothing": 0.1,
        "views": 2,
        "phases": [*frozen(head_epochs)["phases"], layers],
    }


def plain(side: int, epochs: int = 25, batch: int = 32) -> Values:
    """Return values of ``train`` for a plain CNN: a pooling as long as more than four pixels are left.

    Args:
        side: of the smaller side of its input, in pixels.
        epochs: at most.
        batch: images a step.
    """
    poolings = next((number for number in range(1, len(_FILTERS)) if side >> number <= _LEAST_SIDE), len(_FILTERS))
    phase = {"epochs": epochs, "batch": batch, "learning_rate": 0.002, "decay": 0.93}
    return {
        "backbone": CNN,
        "cnn": [{"filters": filters} for filters in _FILTERS[:poolings]],
        "head": {"pooling": "flatten", "dense": [{"units": 128, "dropout": 0.5}]},
        "phases": [phase | {"early_stopping": {"monitor": "val_loss", "patience": 8}}],
    }


def without_the_other(values: Values, overrides: Iterable[str]) -> str:
    """Take a network's training out of a recipe's values where the command line names a network of the other kind.

    A plain CNN's blocks, head, phases and size say nothing of a pretrained network's, nor the other way round.

    Args:
        values: a recipe's, as its file has them; changed in place.
        overrides: ``dotted.path=value`` pairs.

    Returns:
        What was taken out, as a sentence; empty if nothing was.
    """
    named = next((text.partition("=")[2].strip() for text in overrides if text.startswith("train.backbone=")), "")
    train = values.get("train")
    if not named or not isinstance(train, dict):
        return ""
    before = train.get("backbone", BACKBONE)
    if (before == CNN) == (named == CNN):
        return ""
    gone = [f"train.{name}" for name in _DESCRIBES_A_TRAINING if train.pop(name, None) is not None]
    image = values.get("image")
    if isinstance(image, dict):
        gone += [f"image.{name}" for name in ("height", "width", "interpolation") if image.pop(name, None) is not None]
    if not gone:
        return ""
    return (
        f"train.backbone is {named} in place of {before}: the recipe's {', '.join(gone)} were the other's, and left out"
    )


def completed(values: Mapping[str, Any]) -> tuple[Values, str]:
    """Return a recipe's values with the network's own training where they have no ``train.phases``.

    Args:
        values: a recipe's; what is set stays, also what is set wrongly.

    Returns:
        The values, and what was filled in, as a sentence; empty if nothing was.
    """
    train = values.get("train", {})
    if train is None:
        train = {}
    if not isinstance(train, Mapping) or "phases" in train:
        return dict(values), ""
    backbone = train.get("backbone", BACKBONE)
    image = values.get("image") or {}
    if not isinstance(image, Mapping):
        return dict(values), ""
    side = _SMALL_SIDE if backbone == CNN else side_of(str(backbone))
    size = {} if {"height", "width"} & set(image) else {"height": side, "width": side}
    sides = [int(value) for name, value in {**size, **image}.items() if name in ("height", "width") and _is_size(value)]
    own = plain(min(sides, default=side)) if backbone == CNN else tuned(str(backbone))
    filled = {name: value for name, value in own.items() if name not in train}
    said = [f"{side}x{side} pixels"] * bool(size) + [name for name in filled if name != "backbone"]
    words = f"train has no phases: {backbone} brings its own ({', '.join(said)}); docs/recipe.md says how to set others"
    return {**values, "image": {**size, **image}, "train": {**filled, **train}}, words


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and value > 0
