"""evergreen.reports.looking.looked_at: each picture is asked for once, and without pictures numbers still stand."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evergreen.reports.looking.looked_at import Looking, looked_at, with_paths

CLASSES = ["a", "b"]
CALIBRATION = {"unsure_below": 0.6, "unsure_precision": 0.95}


def judged(count: int = 40) -> pd.DataFrame:
    truth, numbers = np.arange(count) % 2, np.arange(count)
    answers = np.where(numbers % 10 == 0, 1 - truth, truth)
    return pd.DataFrame({
        "path": [f"{number:03}.png" for number in numbers], "label": [CLASSES[at] for at in truth],
        "predicted": [CLASSES[at] for at in answers], "probability": 0.75, "loss": 0.01 * numbers,
    })  # fmt: skip


class Pictures:
    """Gives pictures in blocks, and keeps for which paths it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, paths: list[str]) -> Iterator[np.ndarray]:
        self.asked += paths
        for start in range(0, len(paths), 3):
            yield np.zeros((len(paths[start : start + 3]), 20, 20, 3), np.uint8)


def places(paths: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"path": paths, "pca_x": 0.0, "pca_y": 0.0})


PROJECTION = {"variance": 0.5, "kept": {"pca": 1.0}}


def test_each_picture_is_embedded_once_wherever_it_stands() -> None:
    table, pictures = judged(), Pictures()
    looking = Looking(pictures, places([*table["path"][:30], "gone.png"]), PROJECTION)
    found = looked_at(looking, table, CLASSES, CALIBRATION, None)
    assert len(pictures.asked) == len(set(pictures.asked))
    in_cells = {row["path"] for cell in found["opened"] for row in cell.pictures}
    assert set(found["tiles"]) == set(pictures.asked) == in_cells | set(table["path"][:30])
    assert len(set(found["tiles"].values())) == len(pictures.asked)
    assert found["open_at"] == {(0, 0): "cell-0-0", (0, 1): "cell-0-1", (1, 1): "cell-1-1"}
    assert found["map"]["count"] == 30
    assert str(found["tile_style"]).count("data:image/webp") == 1
    assert found["threshold"]["left"].answered == 40


def test_only_pairs_that_are_named_open() -> None:
    found = looked_at(Looking(Pictures(), None, {}), judged(), CLASSES, CALIBRATION, [("a", "b")])
    assert list(found["open_at"]) == [(0, 1)]
    assert found["map"] is None


@pytest.mark.parametrize("looking", [None, Looking(Pictures(), None, {})])
def test_without_places_or_pictures_the_numbers_still_stand(looking: Looking | None) -> None:
    found: dict[str, Any] = looked_at(looking, judged(), CLASSES, CALIBRATION, None)
    assert found["map"] is None
    assert bool(found["opened"]) == (looking is not None)
    assert bool(found["tile_style"]) == (looking is not None)
    assert found["threshold"]["at"] == "0.60"


def test_rows_come_in_the_order_of_the_paths() -> None:
    table = judged(5)
    assert with_paths(table, ["004.png", "001.png"])["path"].tolist() == ["004.png", "001.png"]
    assert list(with_paths(table, [])) == list(table)
