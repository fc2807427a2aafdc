"""evergreen.datasets.splitting.told: groups on several sides and missed shares are said, with the line to write."""

import pandas as pd
import pytest

from evergreen.datasets.splitting.told import group_sides, notes_on
from evergreen.sections.split import Split

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def _used(counts: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Return used images: {(group, side): how many}."""
    rows = [(group, side, f"{group}{side}{index}") for (group, side), count in counts.items() for index in range(count)]
    return pd.DataFrame(rows, columns=["group", "split", "pixels"]).assign(phash="0" * 16, subset="")


MIXED = _used({("x", "train"): 70, ("x", "test"): 15, ("y", "validation"): 10, ("y", "train"): 5, ("", "test"): 4})


def test_images_of_every_group_are_counted_by_side() -> None:
    assert group_sides(MIXED).values.tolist() == [
        ["x", "test", 15],
        ["x", "train", 70],
        ["y", "train", 5],
        ["y", "validation", 10],
    ]
    assert list(group_sides(MIXED.head(0)).columns) == ["group", "split", "count"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (Split(), "split.group: [folder, near-duplicates]"),
        (Split(method="exact"), "split.group: [folder]"),
        (Split(method="keras", group=("near-duplicates",)), "split.group: [folder, near-duplicates]"),
    ],
)
def test_groups_that_nobody_keeps_together_are_said_with_how_many_cross_and_the_line(
    settings: Split, line: str
) -> None:
    (note,) = notes_on(MIXED, None, MIXED, SHARES, settings)
    assert note.startswith("images lie in 2 groups of folders")
    assert "2 of them on several sides" in note
    assert note.endswith(line)
    apart = MIXED[MIXED["split"] == "train"]
    (note,) = notes_on(apart, None, apart, SHARES, settings)
    assert "none of them on several sides" in note
    assert note.endswith(line)


def test_data_without_groups_need_no_words() -> None:
    plain = MIXED.assign(group="")
    assert notes_on(plain, None, plain, SHARES, Split()) == []


def test_a_share_that_groups_miss_by_far_is_said() -> None:
    used = _used({("x", "train"): 70, ("y", "validation"): 16, ("z", "test"): 30})
    how = Split(method="exact", group=("folder",))
    assert notes_on(used, None, used, SHARES, how) == [
        "groups stay whole, so test has 25.9% of the images instead of 15.0%"
    ]
    near = _used({("x", "train"): 70, ("y", "validation"): 16, ("z", "test"): 14})
    assert notes_on(near, None, near, SHARES, how) == []


def test_a_given_subset_has_no_share_to_miss() -> None:
    used = _used({("x", "train"): 70, ("y", "validation"): 12, ("z", "test"): 90})
    used.loc[used["split"] == "test", "subset"] = "test"
    assert notes_on(used, None, used, SHARES, Split(method="predefined", group=("folder",))) == []


def test_groups_that_are_one_are_said() -> None:
    used = _used({("x", "train"): 60, ("y", "train"): 10, ("z", "validation"): 16, ("", "test"): 14})
    unit = used["group"].map({"x": 0, "y": 0, "z": 1, "": 2}).to_numpy()
    (note,) = notes_on(used, unit, used, SHARES, Split(method="exact", group=("folder",)))
    assert note.startswith("2 groups share pictures")
    assert note.endswith("stay together as 1: x, y")
