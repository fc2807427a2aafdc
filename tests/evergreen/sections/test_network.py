"""evergreen.sections.network: blocks that cannot be built."""

from typing import Any

import pytest

from evergreen.sections.network import Block
from evergreen.sections.training import Train


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"filters": 12, "kernel": 2, "whiten": True}, "filters: 24, two for each of the 12 numbers of a patch of 2x2"),
        ({"filters": 24, "kernel": 2, "whiten": True, "convolutions": 2}, "expected whiten: true with convolutions: 1"),
        ({"filters": 4, "residual": True}, "convolutions: 2 or more"),
        ({"filters": 4, "convolutions": 2, "residual": True, "padding": "valid"}, "residual: true with padding: same"),
    ],
)
def test_what_does_not_go_together_in_a_block(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Block.model_validate(block)


def test_only_the_first_block_sees_images() -> None:
    white = {"filters": 24, "kernel": 2, "whiten": True}
    assert Train(backbone="cnn", cnn=[white], phases=[{"epochs": 1}]).cnn[0].whiten
    with pytest.raises(ValueError, match=r"the first block of train\.cnn alone"):
        Train(backbone="cnn", cnn=[{"filters": 4}, white], phases=[{"epochs": 1}])
