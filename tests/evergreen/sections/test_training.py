"""evergreen.sections.training: phases that a network cannot have."""

import pytest

from evergreen.sections.training import Train


def test_a_cnn_has_nothing_to_freeze() -> None:
    with pytest.raises(ValueError, match="which has no backbone to freeze"):
        Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 1, "unfreeze": "none"}])
    with pytest.raises(ValueError, match="expected no batch_norm: frozen"):
        Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 1, "batch_norm": "frozen"}])
    with pytest.raises(ValueError, match="expected no stage_rate for a cnn"):
        Train(backbone="cnn", cnn=[{"filters": 2}], phases=[{"epochs": 1, "stage_rate": 0.5}])
    assert Train(phases=[{"epochs": 1, "stage_rate": 0.5}])
