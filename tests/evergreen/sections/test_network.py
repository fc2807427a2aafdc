"""evergreen.sections.network: what blocks and heads may say."""

import pytest

from evergreen.sections.network import Block


def test_a_block_has_filters() -> None:
    with pytest.raises(ValueError, match="filters"):
        Block.model_validate({"convolutions": 2})
