"""The history of a training of two phases."""

import pandas as pd
import pytest


@pytest.fixture
def history() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "phase": ["1", "1", "2"],
            "epoch": ["1", "2", "1"],
            "loss": ["0.9", "0.5", "0.4"],
            "accuracy": ["0.5", "0.7", "0.8"],
            "val_loss": ["1.0", "0.6", "0.7"],
            "val_accuracy": ["0.4", "0.6", "0.65"],
            "learning_rate": ["0.001", "0.001", "0.0001"],
            "kept": ["False", "True", "False"],
        }
    )
