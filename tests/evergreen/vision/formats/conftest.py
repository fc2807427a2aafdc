"""Images of the test split, and what Keras says to them."""

from typing import Any

import numpy as np
import pytest
from tiny_training import CLASSES, RECIPE

from evergreen.vision.networks import saving


@pytest.fixture(scope="session")
def batch(exports: Any) -> np.ndarray:
    """Test images, (18, 8, 8, 3) uint8."""
    table = exports.trained.table
    rows = exports.trained.images.rows(table[table["split"] == "test"], RECIPE.image)
    return rows.gather(np.arange(len(rows)))


@pytest.fixture(scope="session")
def reference(exports: Any, batch: np.ndarray) -> np.ndarray:
    """What Keras says to them, (18, 3) float32."""
    return np.asarray(saving.load(exports.trained.model, CLASSES).predict_on_batch(batch))
