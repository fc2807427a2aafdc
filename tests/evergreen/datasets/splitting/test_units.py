"""evergreen.datasets.splitting.units: connected components of equal pixels, groups and near-duplicates."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evergreen.datasets.splitting.units import kinds_of, units_of
from evergreen.sections.split import Split


def _rows(pixels: str, groups: str, hashes: list[int] | None = None) -> pd.DataFrame:
    hashed = hashes or [ord(letter) << 40 for letter in pixels]
    named = [group.strip() for group in groups]
    return pd.DataFrame({"pixels": list(pixels), "group": named, "phash": [f"{value:016x}" for value in hashed]})


def test_equal_pixels_and_groups_join_and_no_group_joins_nothing() -> None:
    assert units_of(_rows("abcd", "    "), 0).tolist() == [0, 1, 2, 3]
    assert units_of(_rows("abac", "    "), 0).tolist() == [0, 1, 0, 2]
    assert units_of(_rows("abcd", "xyx "), 0).tolist() == [0, 1, 0, 2]
    assert units_of(_rows("abca", "xxyy"), 0).tolist() == [0, 0, 0, 0]  # x and y share a picture


def test_near_duplicates_join_only_where_asked_for() -> None:
    rows = _rows("abcd", "xy  ", [0b0, 0xFF00, 0b1, 0xFFFF << 32])
    assert units_of(rows, 0).tolist() == [0, 1, 2, 3]
    assert units_of(rows, 1).tolist() == [0, 1, 0, 2]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("wxyz ")), max_size=20))
def test_units_are_what_can_be_reached(pairs: list[tuple[str, str]]) -> None:
    found = units_of(_rows("".join(one for one, _ in pairs), "".join(other for _, other in pairs)), 0).tolist()
    known = list(range(len(pairs)))
    for _ in pairs:
        for one, (pixels, group) in enumerate(pairs):
            for two, (others, name) in enumerate(pairs):
                if pixels == others or (group == name != " "):
                    known[one] = known[two] = min(known[one], known[two])
    numbers = {first: number for number, first in enumerate(dict.fromkeys(known))}
    assert found == [numbers[first] for first in known]


@pytest.mark.parametrize(
    ("method", "group", "kinds"),
    [
        ("stable", None, {"near-duplicates"}),
        ("exact", None, set()),
        ("keras", None, set()),
        ("predefined", None, set()),
        ("stable", (), set()),
        ("stable", ("folder",), {"folder"}),
        ("exact", ("near-duplicates", "folder"), {"folder", "near-duplicates"}),
    ],
)
def test_null_is_near_duplicates_where_the_method_is_stable(method: str, group: tuple | None, kinds: set[str]) -> None:
    assert kinds_of(Split(method=method, group=group)) == kinds
