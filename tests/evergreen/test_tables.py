"""evergreen.tables: what is written can be read back, or is not written."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evergreen.tables import from_csv, rows_of, to_csv


def test_a_table_is_read_back_equal() -> None:
    table = pd.DataFrame({"path": ["NA", "a,b"], "count": [3, 2], "brightness": [0.5, 1.0], "width": [10, 20]})
    pd.testing.assert_frame_equal(from_csv(to_csv(table)), table)


@pytest.mark.parametrize("counts", [np.array([3.0, 0.0]), np.array([3, 0], np.uint8), np.array([3, 0], object)])
def test_whole_numbers_of_any_type_are_written_as_counts(counts: np.ndarray) -> None:
    data = to_csv(pd.DataFrame({"count": counts}))
    assert data == b"count\n3\n0\n"
    assert from_csv(data)["count"].tolist() == [3, 0]


def test_a_table_without_rows_can_be_read_back() -> None:
    assert from_csv(to_csv(pd.DataFrame(columns=["path", "distance"])))["distance"].dtype == "int64"


@pytest.mark.parametrize("odd", [2.5, float("nan"), float("inf")])
def test_a_count_that_could_not_be_read_back_is_not_written(odd: float) -> None:
    with pytest.raises(ValueError, match=f"column count: expected whole numbers, received {odd}"):
        to_csv(pd.DataFrame({"count": [1.0, odd]}))


_ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@settings(deadline=None)
@example([("Icon\r", "cat\r\ndog", 1), ("", "\n", 2)])
@given(st.lists(st.tuples(_ANY_TEXT, _ANY_TEXT, st.integers(0, 2**40)), min_size=1, max_size=4))
def test_any_text_is_read_back_equal(rows: list[tuple[str, str, int]]) -> None:
    table = pd.DataFrame(rows, columns=["path", "label", "bytes"])
    pd.testing.assert_frame_equal(from_csv(to_csv(table)), table)
    one = table[["path"]]
    pd.testing.assert_frame_equal(from_csv(to_csv(one)), one)


def test_a_table_without_a_carriage_return_keeps_its_bytes() -> None:
    table = pd.DataFrame({"path": ["a", "b,c"], "count": [1, 2]})
    assert to_csv(table) == b'path,count\na,1\n"b,c",2\n'


def test_a_text_that_could_not_be_read_back_is_not_written() -> None:
    with pytest.raises(ValueError, match="received one that holds a NUL"):
        to_csv(pd.DataFrame({"path": ["a\0b"]}))


@given(st.lists(st.text(st.sampled_from("a,\"\n ü;|'"), max_size=5), max_size=5))
def test_rows_without_pandas_are_those_with_it(names: list[str]) -> None:
    data = to_csv(pd.DataFrame({"path": names, "why": names[::-1]}))
    assert list(rows_of(data)) == from_csv(data).to_dict("records")
