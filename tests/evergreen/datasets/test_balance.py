"""evergreen.datasets.balance: weights, against independent arithmetic."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from evergreen.datasets.balance import balance, repeats
from evergreen.errors import BadDataset
from evergreen.sections.data import Balance

COUNTS = {"a": 80, "b": 15, "c": 5}
TRAIN = [label for label, count in COUNTS.items() for _ in range(count)]
TABLE = pd.DataFrame({"label": [*TRAIN, *"ccc"], "split": ["train"] * len(TRAIN) + ["validation", "test", "test"]})


def test_balanced_is_scikit_learns_and_sees_training_counts_alone() -> None:
    expected = compute_class_weight("balanced", classes=np.array(list(COUNTS)), y=TRAIN)
    assert list(balance(TABLE, list(COUNTS), Balance(weights="balanced")).values()) == pytest.approx(expected)


def test_effective_number_follows_its_paper() -> None:
    weights = balance(TABLE, list(COUNTS), Balance(weights="effective-number", beta=0.9))
    raw = np.array([0.1 / (1 - 0.9**count) for count in COUNTS.values()])
    assert list(weights.values()) == pytest.approx(raw / raw.mean())


def test_none_and_explicit() -> None:
    assert balance(TABLE, list(COUNTS), Balance()) == {"a": 1, "b": 1, "c": 1}
    explicit = {"c": 3.0, "a": 1.0, "b": 2.0}
    weights = balance(TABLE, list(COUNTS), Balance(weights="explicit", explicit=explicit))
    assert list(weights.items()) == [("a", 1.0), ("b", 2.0), ("c", 3.0)]
    with pytest.raises(BadDataset, match="a weight for each of"):
        balance(TABLE, list(COUNTS), Balance(weights="explicit", explicit={"a": 1.0}))


def test_oversampling_makes_every_class_as_large_as_the_largest() -> None:
    often = repeats(TABLE, list(COUNTS), Balance(oversample=True))
    assert {name: often[name] * count for name, count in COUNTS.items()} == dict.fromkeys(COUNTS, pytest.approx(80))
    assert repeats(TABLE, list(COUNTS), Balance()) == dict.fromkeys(COUNTS, 1)
    with pytest.raises(ValueError, match="small classes would count twice"):
        Balance(oversample=True, weights="balanced")
