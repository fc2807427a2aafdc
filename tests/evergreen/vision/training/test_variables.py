"""evergreen.vision.training.variables: what belongs to the backbone, what is put back, and each phase's optimizer."""

from typing import Any

import numpy as np
import pytest

from evergreen.sections.phases import Phase
from evergreen.vision.networks import backbones
from evergreen.vision.training.variables import optimizer_of, outside, put


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


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "rmsprop"])
def test_a_phase_gets_the_optimizer_that_it_names(name: str) -> None:
    made = optimizer_of(Phase(epochs=1, optimizer=name, learning_rate=0.25))
    assert (type(made).__name__.lower(), float(made.learning_rate), made.use_ema) == (name, 0.25, False)
    averaged = optimizer_of(Phase(epochs=1, optimizer=name, ema_momentum=0.5))
    assert (averaged.use_ema, averaged.ema_momentum) == (True, 0.5)
