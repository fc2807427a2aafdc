"""evergreen.columns: a table by column is what CSV would hold, and its bytes are decided by it alone."""

import hashlib

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evergreen import columns
from evergreen.columns import by_column, file_of, from_arrow, read, rows_of, to_arrow
from evergreen.tables import from_csv, to_csv
from evergreen.tables import rows_of as rows_of_csv

TABLE = pd.DataFrame({"path": ["NA", "ü,b", ""], "bytes": [3.0, 2.0, 2.0**40], "brightness": [0.1, 1.0, 1e-7]})
_ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
_CELLS = st.one_of(_ANY_TEXT, st.none(), st.booleans(), st.floats(allow_infinity=False), st.integers(-9, 9))


@settings(deadline=None)
@example([("Icon\r", 1, 0.5, None), ('a"\r\n,', 2, 1.0, float("nan"))])
@given(st.lists(st.tuples(_ANY_TEXT, st.integers(0, 2**40), st.floats(-1e9, 1e9), _CELLS), max_size=4))
def test_it_is_read_as_the_same_table_in_csv(rows: list[tuple[str, int, float, object]]) -> None:
    table = pd.DataFrame(rows, columns=["path", "bytes", "sharpness", "odd"])
    pd.testing.assert_frame_equal(from_arrow(to_arrow(table)), from_csv(to_csv(table)))
    rows_found = list(rows_of(to_arrow(table), ()))
    assert rows_found == list(rows_of_csv(to_csv(from_csv(to_csv(table)))))


def test_its_bytes_are_decided_by_the_table() -> None:
    """A version of pyarrow that changes them would have every large dataset take another name: that is to be seen."""
    data = to_arrow(TABLE)
    assert data == to_arrow(TABLE.astype({"bytes": "int64"}).set_index(pd.Index([7, 5, 3])))
    assert hashlib.sha256(data).hexdigest() == "ff51a071b63983b333a6051fe28b4d0633a95e8218d6d8214451c49c278bf7f3"


def test_a_large_table_rests_by_column_and_a_smaller_one_as_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    assert file_of("files", TABLE) == {"files.csv": to_csv(TABLE)}
    monkeypatch.setattr(columns, "ROWS", 3)
    assert file_of("files", TABLE) == {"files.arrow": to_arrow(TABLE)}
    assert list(file_of("files", TABLE.head(2))) == ["files.csv"]
    assert [by_column(name) for name in ("files.csv", "metrics.json")] == ["files.arrow", "metrics.json"]
    for name, data in (("files.csv", to_csv(TABLE)), ("files.arrow", to_arrow(TABLE))):
        assert read(name, data)["bytes"].tolist() == [3, 2, 2**40]


def test_tables_of_several_batches_come_back_and_may_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_BATCH", 2)
    found = from_arrow(to_arrow(TABLE))
    pd.testing.assert_frame_equal(found, from_csv(to_csv(TABLE)))
    for table in (found, from_arrow(to_arrow(TABLE.head(1)))):
        table.loc[0, "bytes"] = 9
        assert table["bytes"].to_numpy()[0] == 9
    assert list(rows_of(to_arrow(TABLE), ("bytes", "no such")))[2] == {"bytes": str(2**40)}


@pytest.mark.parametrize("odd", [{"count": [1.0, 2.5]}, {"path": ["a\0b"]}])
def test_what_csv_would_not_hold_is_not_written(odd: dict[str, list[object]]) -> None:
    with pytest.raises(ValueError, match=r"expected whole numbers|holds a NUL"):
        to_arrow(pd.DataFrame(odd))
