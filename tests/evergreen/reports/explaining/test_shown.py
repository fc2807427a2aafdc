"""evergreen.reports.explaining.shown: wrong ones first, each beside its maps, and a cold map says so."""

import numpy as np
import pandas as pd
import pytest

from evergreen.images.thumbnails import grey_png
from evergreen.reports.explaining.shown import METHODS, shown_heat
from evergreen.reports.found import Heats


def _heats(wrong: int, right: int) -> tuple[Heats, pd.DataFrame]:
    paths = [f"{number}.png" for number in range(wrong + right)]
    maps = {"hot": grey_png(np.full((9, 12), 200, np.uint8)), "cold": grey_png(np.zeros((9, 12), np.uint8))}
    entries = [
        {"path": path, "maps": [{"label": "b", "file": "hot"}, {"label": "a", "file": "cold"}][: 1 + (at < wrong)]}
        for at, path in enumerate(paths)
    ]
    rows = pd.DataFrame({
        "path": paths, "label": ["a"] * wrong + ["b"] * right, "predicted": "b", "probability": "0.75", "loss": "1.5",
        "sha256": paths,
    })  # fmt: skip
    return Heats({"method": "occlusion", "images": entries}, maps), rows.iloc[::-1]


@pytest.mark.parametrize(
    ("wrong", "right", "first"),
    [(8, 6, [False] * 4 + [True] * 2), (0, 14, [True] * 6), (14, 0, [False] * 4), (1, 1, [False, True])],
)
def test_some_wrong_ones_and_some_right_ones_are_shown_first(wrong: int, right: int, first: list[bool]) -> None:
    heats, rows = _heats(wrong, right)
    asked: list[str] = []

    def small(row: dict) -> np.ndarray:
        asked.append(row["sha256"])
        return np.zeros((90, 120, 3), np.uint8)

    found = shown_heat(heats, rows, small)
    assert found is not None
    assert [one["right"] for one in found["first"]] == first
    assert len(found["first"]) + len(found["more"]) == wrong + right
    assert [one["path"] for one in found["first"]][: min(4, wrong)] == [
        f"{number}.png" for number in range(min(4, wrong))
    ]
    assert asked == [f"{number}.png" for number in range(wrong + right)]
    assert found["method"] == METHODS["occlusion"]
    for one in found["first"]:
        assert [map_["label"] for map_ in one["maps"]] == (["b"] if one["right"] else ["b", "a"])
        assert [map_["cold"] for map_ in one["maps"]] == ([False] if one["right"] else [False, True])
        assert one["probability"] == 0.75


def test_without_heat_maps_there_is_no_section() -> None:
    assert shown_heat(None, pd.DataFrame(), lambda _: np.zeros((1, 1, 3), np.uint8)) is None
