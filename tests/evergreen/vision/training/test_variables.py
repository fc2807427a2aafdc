"""evergreen.vision.training.variables: what belongs to the backbone, and what is put back."""

from typing import Any

import numpy as np
import pytest

from evergreen.vision.networks import backbones
from evergreen.vision.training.variables import outside, put


def _model() -> Any:
    import keras

    backbone = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name=backbones.NAME)
    return keras.Sequential([keras.Input((4,)), backbone, keras.layers.Dense(2)])


def test_weights_are_put_everywhere_or_just_outside_the_backbone() -> None:
    model = _model()
    assert [tuple(weight.shape) for weight in outside(model)] == [(3, 2), (2,)]
    whole = [np.full(weight.shape, number, np.float32) for number, weight in enumerate(model.weights)]
    put(model, whole)
    assert all(np.array_equal(one, two) for one, two in zip(model.get_weights(), whole, strict=True))
    put(model, [np.full((3, 2), 9.0), np.full(2, 8.0)])
    assert [weight.flat[0] for weight in model.get_weights()] == [0, 1, 9, 8]
    with pytest.raises(ValueError, match="shorter"):
        put(model, [np.full((3, 2), 9.0)])
