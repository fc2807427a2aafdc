"""evergreen.diagnosing.lookalikes: the nearest of the label and of the other class; none that is doubted or its own."""

import numpy as np
import pandas as pd
import pytest

import evergreen.diagnosing.lookalikes as module
from evergreen.diagnosing import neighbours
from evergreen.diagnosing.lookalikes import COLUMNS, lookalikes
from evergreen.diagnosing.suspects import COLUMNS as SUSPECTS
from evergreen.diagnosing.suspects import Judged

# Angles in degrees, so that likeness is what one sees: cat lies at 0, dog at 90, owl at 180.
IMAGES = [
    ("a", "cat", 85, 0), ("b", "cat", 0, 1), ("c", "cat", 10, 2), ("d", "cat", 20, 3), ("e", "cat", 30, 4),
    ("f", "dog", 90, 5), ("g", "dog", 91, 6), ("h", "dog", 99, 6), ("i", "dog", 120, 7), ("j", "dog", 84, 8),
    ("k", "owl", 180, 9), ("l", "owl", 86, 0), ("m", "cat", 85, 0),
]  # fmt: skip
CLASSES = ["cat", "dog", "owl"]


def _judged() -> tuple[Judged, np.ndarray]:
    table = pd.DataFrame(
        [(name, label, name * 64) for name, label, _, _ in IMAGES], columns=["path", "label", "sha256"]
    )
    labels = table["label"].map(CLASSES.index).to_numpy(np.int64)
    scores = np.tile([0.2, 0.5, 0.3], (len(table), 1))
    angles = np.radians([angle for *_, angle, _ in IMAGES])
    units = np.array([unit for *_, unit in IMAGES])
    features = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.arange(1, len(table) + 1)[:, None]
    return Judged(table, CLASSES, labels, units, scores, np.zeros(len(table))), features


def _found(*rows: tuple[str, str, str]) -> dict[str, list[str]]:
    """Return {path of a suspect: label and path of each neighbour} for suspects of a path, a kind and a suggestion."""
    judged, features = _judged()
    label = dict(zip(judged.table["path"], judged.table["label"], strict=True))
    suspects = pd.DataFrame(
        [
            (rank, path, path * 64, kind, label.get(path, "cat"), suggested, 0.5, "")
            for rank, (path, kind, suggested) in enumerate(rows, start=1)
        ],
        columns=list(SUSPECTS),
    )
    found = lookalikes(features, judged, suspects)
    assert tuple(found.columns) == COLUMNS
    told: dict[str, list[str]] = {}
    for row in found.to_dict("records"):
        assert row["neighbour"] == row["path"] * 64
        told.setdefault(row["sha256"][0], []).append(f"{row['label']} {row['path']}")
    return told


def test_of_each_class_the_nearest_come_first_but_not_its_own_unit() -> None:
    # m and a are one picture; h lies nearest after f and g, near-duplicates of each other.
    assert _found(("a", "label_error", "dog")) == {"a": ["cat e", "cat d", "cat c", "dog j", "dog f", "dog g"]}


def test_who_is_doubted_stands_for_no_class_and_without_a_suggestion_the_likeliest_other_is_taken() -> None:
    found = _found(
        ("a", "outlier", ""), ("j", "label_error", "cat"), ("e", "near_duplicate", ""), ("d", "ambiguous", "")
    )
    assert found["a"] == ["cat d", "cat c", "cat b", "dog f", "dog g", "dog h"]  # merely ambiguous d stays
    assert found["e"] == ["cat d", "cat c", "cat b"]  # nobody of its unit has another label


def test_a_near_duplicate_is_shown_beside_the_one_under_another_label() -> None:
    found = _found(("a", "near_duplicate", ""), ("l", "near_duplicate", "cat"))
    assert found["a"][:4] == ["cat e", "cat d", "cat c", "owl l"]
    assert found["l"] == ["owl k", "cat a", "cat m", "cat e"]


def test_a_class_of_which_nobody_was_judged_has_no_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "CLASSES", [*CLASSES, "yak"])
    assert _found(("a", "label_error", "yak")) == {"a": ["cat e", "cat d", "cat c"]}


def test_images_that_were_not_judged_have_none_and_only_the_first_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _found(("z", "near_duplicate", "")) == {}
    assert _found() == {}
    monkeypatch.setattr(module, "MOST", 1)
    monkeypatch.setattr(neighbours, "_AT_ONCE", 2)
    assert set(_found(("b", "outlier", ""), ("a", "label_error", "dog"), ("b", "ambiguous", "owl"))) == {"b"}


def test_similarity_is_the_cosine() -> None:
    judged, features = _judged()
    suspects = pd.DataFrame([(1, "k", "k" * 64, "outlier", "owl", "dog", 0.5, "")], columns=list(SUSPECTS))
    found = lookalikes(features, judged, suspects).set_index("path")["similarity"]
    assert abs(found["i"] - np.cos(np.radians(60))) < 1e-5
