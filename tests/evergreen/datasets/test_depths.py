"""evergreen.datasets.depths: what is asked of images of over 8 bits, and when."""

import pandas as pd
import pytest

from evergreen.datasets.depths import Depths, question

TABLE = pd.DataFrame({"path": [f"a/{n}.png" for n in range(4)], "sha256": ["aa", "bb", "cc", "aa"]})


def test_all_that_stay_dark_are_asked_about_with_a_line_for_each_reading() -> None:
    said = question(TABLE, Depths({"aa": 4000, "bb": 17}, {}), accepted=4)
    assert said.splitlines() == [
        "expected images whose values reach over 16 bits; found 3 images with 16 bits a channel (a/0.png, a/1.png, "
        "a/3.png) that hold no value over 4,000 (a/0.png) and do not say how many of the bits count. Taken as 16 bits "
        "they are almost black. Add one of these lines to the recipe:",
        "  screen.range: [0, 4095]  # 12 bits; or: --set 'screen.range=[0, 4095]'",
        "  screen.range: [0, 65535]  # 16 bits; or: --set 'screen.range=[0, 65535]'",
    ]
    assert "screen.range: [0, 1023]  # 10 bits;" in question(TABLE, Depths({"cc": 1023}, {}), accepted=4)


@pytest.mark.parametrize(
    ("unstated", "without", "accepted"),
    [({"aa": 4000, "bb": 4096}, {}, 4), ({"aa": 0}, {}, 4), ({}, {}, 4), ({}, {"aa": (0, 70000)}, 1)],
    ids=["one is bright", "all black", "none", "others are used"],
)
def test_nothing_is_asked_without_doubt(
    unstated: dict[str, int], without: dict[str, tuple[float, float]], accepted: int
) -> None:
    assert question(TABLE, Depths(unstated, without), accepted) == ""


@pytest.mark.parametrize(
    ("found", "readings"),
    [
        ((0.0, 3000.5), ["[0, 4095]  # 12 bits", "[0, 16383]  # 14 bits", "[0, 3000.5]  # from the least"]),
        ((0.0, 65535.0), ["[0, 65535]  # 16 bits"]),
        ((-1024.0, 3071.0), ["[-1024, 3071]  # from the least"]),
    ],
)
def test_where_no_image_has_a_range_the_least_and_the_greatest_value_are_shown(
    found: tuple[float, float], readings: list[str]
) -> None:
    middle = (found[0] + found[1]) / 2
    said = question(TABLE, Depths({}, {"aa": (found[0], middle), "bb": (middle, found[1])}), accepted=0)
    assert f"3 images with numbers of no stated range (a/0.png, a/1.png, a/3.png) that hold {found[0]:g} to" in said
    lines = said.splitlines()[1:]
    assert len(lines) == len(readings)
    assert all(f"  screen.range: {reading}" in line for reading, line in zip(readings, lines, strict=True))
