"""evergreen.vision.networks.stages: a stage begins where the resolution halves."""

from typing import Any

import pytest

from evergreen.vision.networks import efficientnet_lite
from evergreen.vision.networks.stages import stages


def _mobilenet(name: str, size: int) -> Any:
    import keras

    return getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(size, size, 3))


@pytest.mark.parametrize("size", [33, pytest.param(224, marks=pytest.mark.soak)])
def test_efficientnet_lite_has_five_stages(size: int) -> None:
    found = stages(efficientnet_lite.build((size, size, 3)))
    blocks = [found[f"block{number}_depthwise_conv"] for number in range(16)]
    assert blocks == [5, 4, 4, 3, 3, *[2] * 6, *[1] * 5]
    assert (found["stem_conv"], found["block1_expand_conv"], found["head_conv"]) == (5, 5, 1)


@pytest.mark.parametrize("size", [32, pytest.param(224, marks=pytest.mark.soak)])
def test_mobilenet_v2_has_five_stages_whatever_it_pads(size: int) -> None:
    found = stages(_mobilenet("MobileNetV2", size))
    blocks = [found[f"block_{number}_depthwise"] for number in range(1, 17)]
    assert blocks == [4, 4, 3, 3, 3, *[2] * 7, 1, 1, 1, 1]
    assert (found["Conv1"], found["expanded_conv_depthwise"], found["Conv_1"]) == (5, 5, 1)


def test_what_looks_at_a_picture_as_a_whole_belongs_to_the_stage_that_uses_it() -> None:
    found = stages(_mobilenet("MobileNetV3Large", 224))
    inside = {found[name] for name in found if name.startswith("expanded_conv_4_")}
    assert inside == {found["expanded_conv_4_squeeze_excite_conv"]} == {3}
    assert set(found.values()) == {1, 2, 3, 4, 5}
