"""evergreen.diagnosing.beside: the accuracy on judged images whose label nobody doubts, beside the plain one."""

import pandas as pd

from evergreen.diagnosing.beside import beside

PREDICTIONS = pd.DataFrame({
    "path": [f"{number}.png" for number in range(10)],
    "sha256": [f"{number:064x}" for number in range(10)],
    "label": "cat",
    "predicted": ["dog", "dog", *["cat"] * 8],
    "split": ["test"] * 8 + ["train"] * 2,
})  # fmt: skip


def _suspects(*rows: tuple[int, str, str]) -> pd.DataFrame:
    return pd.DataFrame([(f"{at:064x}", label, kind) for at, label, kind in rows], columns=["sha256", "label", "kind"])


def test_doubted_images_are_left_out_and_hard_ones_stay() -> None:
    suspects = _suspects(
        (0, "cat", "label_error"), (1, "cat", "ambiguous"), (9, "cat", "outlier"), (5, "dog", "outlier")
    )
    found = beside({}, suspects, PREDICTIONS, "test")
    assert found is not None
    assert (found["count"], found["suspect"], found["plain"]) == (7, 1, 0.75)
    assert found["accuracy"] == 6 / 7
    assert found["accuracy_low"] < 6 / 7 < found["accuracy_high"]
    assert "On the 7 test images that are not suspect the accuracy is 85.71%" in found["words"]
    assert "It flatters" in found["words"]


def test_without_a_diagnosis_or_images_there_is_none() -> None:
    assert beside({"why": "one class"}, _suspects(), PREDICTIONS, "test") is None
    every = _suspects(*((at, "cat", "label_error") for at in range(8)))
    assert beside({}, every, PREDICTIONS, "test") is None
