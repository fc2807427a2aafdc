"""The variables of a model and its optimizer: what a checkpoint takes and gives back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evergreen.vision.networks import backbones


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
