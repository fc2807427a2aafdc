"""evergreen.vision.carried: a network that is carried elsewhere gives the same bytes, or shows that it does not."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evergreen.errors import ThreadsFixed
from evergreen.sections.data import Image
from evergreen.sections.phases import Phase
from evergreen.sections.training import Train
from evergreen.vision.carried import manner_of, packed, told_of, unpacked
from evergreen.vision.networks import activations, backbones, batch_norm, build, runtime
from evergreen.vision.training.features import outputs

SIZE = 32


def _of_a_training() -> Any:
    """Return what makes features in a training of a frozen backbone, as ``Fitting`` sets it up."""
    phase = Phase(unfreeze="none", epochs=1)
    runtime.start(3)
    train = Train(backbone="EfficientNetLite0", weights="none", phases=(phase,))
    model = build.build(train, Image(height=SIZE, width=SIZE), 3)
    backbones.unfreeze(model, phase)
    batch_norm.fuse(model)
    activations.fuse(model)
    return build.halves(model)[0]


def _with_gelu() -> Any:
    runtime.start(3)
    from keras import Model, layers

    inputs = layers.Input((SIZE, SIZE, 3))
    maps = layers.Activation("gelu")(layers.Conv2D(8, 3)(layers.Rescaling(1 / 255)(inputs)))
    model = Model(inputs, layers.GlobalAveragePooling2D()(maps))
    activations.fuse(model)
    return model


@pytest.mark.parametrize("made", [_of_a_training, _with_gelu])
def test_a_network_that_is_carried_gives_the_same_bytes(made: Any) -> None:
    model, pictures = made(), np.random.default_rng(0).integers(0, 256, (70, SIZE, SIZE, 3), np.uint8)
    manner = manner_of(model)
    assert manner.gelu == (made is _with_gelu)
    here = np.concatenate(list(outputs(model, lambda at: pictures[at], range(70))))
    told, data, before = told_of(model, manner), packed(model), runtime.starts()
    there = unpacked(data, manner)
    assert runtime.starts() > before, "who computed before is set up anew"
    assert np.concatenate(list(outputs(there, lambda at: pictures[at], range(70)))).tobytes() == here.tobytes()
    assert told_of(there, manner_of(there)) == told
    assert np.ptp(here, axis=0).max() > 0

    weight = there.weights[0]
    weight.assign(weight + 0.01)
    drawn = "what the network makes of drawn pictures"
    assert told_of(there, manner)[drawn] != told[drawn]


def test_another_number_of_threads_than_the_process_has_is_refused() -> None:
    model = _with_gelu()
    manner = manner_of(model)
    with pytest.raises(ThreadsFixed, match=f"on {manner.threads + 1} threads"):
        unpacked(packed(model), replace(manner, threads=manner.threads + 1))
