"""evergreen.suggesting.suggested: each picture once, none that is labelled, and why in words."""

import numpy as np
import pandas as pd
import pytest

from evergreen.suggesting.suggested import COLUMNS, candidates, compared, probe, suggested

CLASSES = ["glass", "metal", "paper"]


def _table(*pixels: str) -> pd.DataFrame:
    rows = [(f"new/{at}.png", f"{at:064x}", value, "") for at, value in enumerate(pixels)]
    return pd.DataFrame(rows, columns=["path", "sha256", "pixels", "phash"])


def test_copies_and_what_is_labelled_elsewhere_are_left_out_and_counted() -> None:
    found = candidates(_table("a", "b", "a", "c", "c", "d"), _table("c", "e"))
    assert list(found.table["pixels"]) == ["a", "b", "d"]
    assert (found.copies, found.labelled) == (1, 2)


def test_a_probe_learns_from_what_is_labelled_and_knows_no_class_that_it_never_saw() -> None:
    features = compared(np.repeat(np.eye(3), 4, axis=0) + np.random.default_rng(0).normal(0, 0.01, (12, 3)))
    labels = ["glass"] * 4 + ["paper"] * 4
    scores = probe(features[:8], labels, features[8:], CLASSES)
    assert scores is not None
    assert scores.shape == (4, 3)
    assert (scores[:, 1] == 0).all()
    assert scores.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    again = probe(features[:8], labels, features[:8], CLASSES)
    assert again is not None
    assert [CLASSES[at] for at in again.argmax(axis=1)] == labels
    assert probe(features[:4], labels[:4], features, CLASSES) is None
    assert probe(features[:4], ["glass", "glass", "gone", "gone"], features, CLASSES) is None


def test_rows_say_what_an_image_may_be_how_sure_and_why() -> None:
    features = np.repeat(np.eye(2), [5, 1], axis=0) * 10
    scores = np.array([[0.1, 0.5, 0.4]] * 5 + [[0.9, 0.05, 0.05]])
    rows = suggested(_table(*"abcdef"), features, features[:0], scores, CLASSES, 9, 0)
    assert tuple(rows) == COLUMNS
    first = rows.iloc[0].to_dict()
    assert {name: first[name] for name in ("rank", "path", "kind", "label", "suggested", "confidence")} == {
        "rank": 1, "path": "new/0.png", "kind": "unlabelled", "label": "", "suggested": "metal", "confidence": 0.5,
    }  # fmt: skip
    assert first["uncertainty"] == pytest.approx(0.9)
    assert first["reason"] == "between metal (50%) and paper (40%); stands for 4 other images"
    assert rows["rank"].tolist() == [1, 2, 3, 4, 5, 6]


def test_without_anybody_who_judges_only_what_differs_counts() -> None:
    features = np.repeat(np.eye(2), [5, 1], axis=0) * 10
    rows = suggested(_table(*"abcdef"), features, features[:0], None, CLASSES, 2, 0)
    assert rows["path"].tolist() == ["new/0.png", "new/5.png"]
    assert rows["suggested"].tolist() == ["", ""]
    assert rows["reason"].tolist() == ["stands for 4 other images", "like no other image"]
