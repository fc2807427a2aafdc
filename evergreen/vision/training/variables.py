"""The variables of a model and its optimizer: what a checkpoint takes and gives back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evergreen.vision.networks import backbones

if TYPE_CHECKING:
    from evergreen.sections.phases import Phase


def put(model: Any, weights: Sequence[np.ndarray]) -> None:
    """Give a model all its weights, or just those outside its backbone if there are only as many."""
    assign(model.weights if len(weights) == len(model.weights) else outside(model), weights)


def assign(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    """Give variables their values, in order."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def outside(model: Any) -> list[Any]:
    """Return the weights that do not belong to the backbone."""
    inside = {id(weight) for layer in model.layers if layer.name == backbones.NAME for weight in layer.weights}
    return [weight for weight in model.weights if id(weight) not in inside]


def optimizer_of(phase: "Phase") -> Any:
    """Return a phase's optimizer, without variables yet."""
    import keras

    optimizers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }
    average = {"use_ema": True, "ema_momentum": phase.ema_momentum} if phase.ema_momentum else {}
    return optimizers[phase.optimizer](phase.learning_rate, **average)
