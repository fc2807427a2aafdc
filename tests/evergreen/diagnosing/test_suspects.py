"""evergreen.diagnosing.suspects: what is odd is named by its kind, with a reason, the best to look at first on top."""

import numpy as np
import pandas as pd
import pytest

from evergreen.diagnosing import suspects as module
from evergreen.diagnosing.suspects import COLUMNS, Judged, suspects, too_alike

NONE = pd.DataFrame(columns=["path", "label", "sha256", "reason"])


def _judged(count: int = 40, **changes: object) -> Judged:
    """Return images of two classes, which are judged as they are labelled."""
    labels = np.arange(count) % 2
    table = pd.DataFrame({
        "path": [f"{number:02}.png" for number in range(count)],
        "label": [["cat", "dog"][label] for label in labels],
        "sha256": [f"{number:064x}" for number in range(count)],
        "pixels": [f"{number:064x}" for number in range(count)],
        "phash": ["" for _ in range(count)],
    })  # fmt: skip
    scores = np.where(np.eye(2)[labels] > 0, 0.95, 0.05)
    given = {
        "table": table, "classes": ["cat", "dog"], "labels": labels, "units": np.arange(count), "scores": scores,
        "far": np.full(count, 0.1),
    } | changes  # fmt: skip
    return Judged(**given)  # type: ignore[arg-type]


def test_nothing_is_odd_where_all_agree() -> None:
    found = suspects(_judged(), NONE, 3)
    assert (list(found.columns), len(found)) == (list(COLUMNS), 0)


def test_a_label_error_has_the_other_class_and_comes_before_an_ambiguous_image() -> None:
    judged = _judged()
    judged.scores[4] = 0.02, 0.98
    judged.scores[6] = 0.45, 0.55
    found = suspects(judged, NONE, 3)
    assert found[["rank", "path", "kind", "label", "suggested", "confidence"]].values.tolist() == [
        [1, "04.png", "label_error", "cat", "dog", 0.98],
        [2, "06.png", "ambiguous", "cat", "dog", 0.55],
    ]
    assert found["reason"][0] == "looks like dog (98%), not like cat (2%)"
    assert found["sha256"][0] == f"{4:064x}"


def test_an_outlier_is_of_no_class_and_the_farther_the_surer() -> None:
    far = np.full(40, 0.1)
    far[[3, 8]] = 0.31, 0.6
    found = suspects(_judged(far=far), NONE, 3)
    assert found[["path", "kind", "suggested"]].values.tolist() == [
        ["08.png", "outlier", ""],
        ["03.png", "outlier", ""],
    ]
    assert found["confidence"].tolist() == [0.5, pytest.approx(0.0323, abs=1e-4)]
    assert "6.0 times as far" in found["reason"][0]


def test_near_duplicates_under_two_labels_point_at_each_other_and_the_likelier_label_is_suggested() -> None:
    judged = _judged(units=np.array([0, 0, *range(1, 39)]))
    judged.table.loc[:1, "phash"] = ["00000000000000ff", "00000000000000fe"]
    judged.scores[0], judged.scores[1] = (0.9, 0.1), (0.7, 0.3)
    found = suspects(judged, NONE, 1)
    near = found[found["kind"] == "near_duplicate"].set_index("path")
    assert near.loc["01.png", ["label", "suggested"]].tolist() == ["dog", "cat"]
    assert near.loc["00.png", "suggested"] == ""
    assert near["confidence"].to_dict() == {"01.png": 0.7, "00.png": 0.1}
    assert near.loc["01.png", "reason"] == "nearly the same picture as 00.png, which is cat"
    assert "near_duplicate" not in set(suspects(judged, NONE, 0)["kind"])


def test_the_same_picture_under_two_labels_is_named_though_it_is_not_used() -> None:
    conflicts = pd.DataFrame(
        [("a/x.png", "cat", "ab" * 32, "why"), ("b/x.png", "dog", "ab" * 32, "why")],
        columns=["path", "label", "sha256", "reason"],
    )
    found = suspects(_judged(), conflicts, 3)
    assert found[["path", "kind", "label", "confidence"]].values.tolist() == [
        ["a/x.png", "near_duplicate", "cat", 0.5],
        ["b/x.png", "near_duplicate", "dog", 0.5],
    ]
    assert found["reason"][0] == "the same picture stands under dog, so neither is used: one label of them is wrong"


def test_equal_bytes_count_once() -> None:
    judged = _judged()
    judged.scores[[4, 6]] = 0.02, 0.98
    judged.table.loc[6, "sha256"] = judged.table.loc[4, "sha256"]
    assert suspects(judged, NONE, 3)["path"].tolist() == ["04.png"]


def test_units_that_are_too_large_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 3)
    assert too_alike(np.array([0, 0, 1, 1, 1, 1, 2])) == [4]
