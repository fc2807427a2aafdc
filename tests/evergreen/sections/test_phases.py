"""evergreen.sections.phases: what a phase may say."""

import pytest

from evergreen.sections.phases import Phase


@pytest.mark.parametrize("layers", [0, -3])
def test_a_phase_unfreezes_a_layer_or_more(layers: int) -> None:
    with pytest.raises(ValueError, match=f"a number of layers of 1 or more; received {layers}"):
        Phase(epochs=1, unfreeze=layers)
