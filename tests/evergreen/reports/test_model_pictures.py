"""evergreen.reports.model_pictures: which epoch is marked as kept, and pictures of any number of phases and classes."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from evergreen.reports.model_pictures import confusion_matrix, curve, kept_epoch, reliability


def _history(*phases: int, kept: int = 1) -> pd.DataFrame:
    rows = [{"phase": phase, "loss": "0.5", "val_loss": "0.6", "kept": str(number == kept)}
            for number, phase in enumerate(phases, start=1)]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_kept_epoch_is_counted_over_all_phases() -> None:
    assert kept_epoch(_history(1, 1, 2, 2, kept=3)) == 3


@pytest.mark.parametrize("phases", [(1,), (1, 1, 1), (1, 1, 2, 3)], ids=str)
def test_a_curve_is_drawn_of_any_training(phases: tuple[int, ...]) -> None:
    light, dark = (curve(_history(*phases), "loss", dark=dark) for dark in (False, True))
    assert light == curve(_history(*phases), "loss")
    assert light != dark
    assert curve(_history(*phases, kept=len(phases)), "loss") != light or len(phases) == 1


def test_a_matrix_of_many_classes_is_larger_up_to_a_bound() -> None:
    def side(classes: int) -> int:
        table = pd.DataFrame(np.eye(classes, dtype=int), columns=[f"c{number}" for number in range(classes)])
        table.insert(0, "label", list(table.columns))
        return Image.open(io.BytesIO(confusion_matrix(table))).width

    assert side(2) < side(10) < side(45) == side(60)


def test_reliability_takes_bins_without_many_images() -> None:
    bins = [{"confidence": 0.2, "accuracy": 0.1, "count": 1}, {"confidence": 0.9, "accuracy": 1.0, "count": 30}]
    assert reliability({"as it is": bins, "scaled": bins[:1]})[:4] == b"\x89PNG"


def test_a_class_may_be_called_anything() -> None:
    table = pd.DataFrame({"label": ["$x^$", "a\nb"], "$x^$": [1, 0], "a\nb": [0, 1]})
    assert confusion_matrix(table)[:4] == b"\x89PNG"
