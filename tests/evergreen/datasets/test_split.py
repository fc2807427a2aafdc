"""evergreen.datasets.split: exact counts, stratified, and equal pixels on one side."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evergreen.datasets.split import split
from evergreen.errors import BadDataset
from evergreen.sections.data import Split

EXACT = Split(method="exact", validation=0.15, test=0.15)


def _table(counts: dict[str, int], repeats: int = 0) -> pd.DataFrame:
    rows = [(f"{label}/{n}", label, f"{label}{n}") for label, count in counts.items() for n in range(count)]
    rows += [(f"{label}/again{n}", label, f"{label}{n}") for label in counts for n in range(repeats)]
    return pd.DataFrame(rows, columns=["path", "label", "pixels"])


def test_counts_are_exact() -> None:
    table = split(_table({"a": 700, "b": 300}), ["a", "b"], EXACT, seed=1)
    assert table["split"].value_counts().to_dict() == {"train": 700, "validation": 150, "test": 150}
    shares = table.groupby("split")["label"].value_counts(normalize=True).unstack()["a"]
    assert shares.tolist() == pytest.approx([0.7] * 3)


@settings(max_examples=40, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from("abcde"), st.integers(20, 80), min_size=2),
    repeats=st.integers(0, 10),
    seed=st.integers(0, 2**31 - 1),
)
def test_nothing_is_lost_nothing_leaks_every_class_is_everywhere(counts: dict, repeats: int, seed: int) -> None:
    table = _table(counts, repeats)
    divided = split(table, sorted(counts), EXACT, seed)
    assert sorted(divided["path"]) == sorted(table["path"])
    assert (divided.groupby("pixels")["split"].nunique() == 1).all()
    assert (divided.groupby("label")["split"].nunique() == 3).all()
    shuffled = table.sample(frac=1, random_state=seed)
    assert split(shuffled, sorted(counts), EXACT, seed).equals(divided)


def test_another_seed_divides_otherwise() -> None:
    table = _table({"a": 100, "b": 100})
    assert not split(table, ["a", "b"], EXACT, 1).equals(split(table, ["a", "b"], EXACT, 2))


def test_without_a_test_share_there_is_no_test() -> None:
    divided = split(_table({"a": 50, "b": 50}), ["a", "b"], Split(method="exact", validation=0.1, test=0), 1)
    assert set(divided["split"]) == {"train", "validation"}


@pytest.mark.parametrize(
    ("counts", "classes", "said"),
    [
        ({"a": 10}, ["a"], "at least two classes, received a"),
        ({}, [], "at least two classes, received none"),
        ({"a": 50, "b": 2}, ["a", "b"], "at least 3 different images of each class; b has 2"),
        ({"a": 50}, ["a", "b"], "b has 0"),
        ({"a": 4, "b": 4}, ["a", "b"], "fewer than 2 classes"),
    ],
)
def test_too_few_images_are_refused_with_class_and_count(counts: dict, classes: list[str], said: str) -> None:
    with pytest.raises(BadDataset, match=said):
        split(_table(counts), classes, EXACT, 1)
