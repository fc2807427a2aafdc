"""Datasets as tables, and tables as bytes: CSV, UTF-8, no index, no guessing of types."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# Returns an image's bytes for the SHA-256 in a table; whoever stores the bytes provides it.
ReadBlob = Callable[[str], bytes]

# The subset of images that have no label, and stand in no other.
UNLABELLED = "unlabelled"

# Columns whose type is known; every other is text.
INTEGERS = ("bytes", "width", "height", "count", "distance")
FLOATS = ("brightness", "sharpness")


def to_csv(table: "pd.DataFrame") -> bytes:
    """Return a table as CSV bytes that ``from_csv`` reads back equal.

    Raises:
        ValueError: a column of counts holds what is no whole number, or a text holds a NUL: it could not be read back.
    """
    whole = {name: whole_numbers(table[name]) for name in INTEGERS if name in table}
    counted = table.assign(**whole)
    text: str = counted.to_csv(index=False, lineterminator="\n")
    if "\0" in text:
        raise ValueError("expected text that can be read back, received one that holds a NUL")
    # Python's csv quotes the line ends that it writes, no others; readers take a bare carriage return for one.
    if "\r" in text:
        text = counted.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return text.encode()


def from_csv(data: bytes) -> "pd.DataFrame":
    """Read a table: known count columns as int64, floats where every value is one, all else text (``NA`` too)."""
    import pandas as pd

    table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, skip_blank_lines=False)
    for column in INTEGERS:
        if column in table:
            table[column] = table[column].astype("int64")
    for column in FLOATS:
        if column in table:
            table[column] = table[column].astype("float64")
    return table


def whole_numbers(column: "pd.Series") -> "pd.Series":
    """Return a column as int64: a float that is a whole number is written as one."""
    odd = column[column % 1 != 0]
    if len(odd):
        raise ValueError(f"column {column.name}: expected whole numbers, received {odd.iloc[0]}")
    return column.astype("int64")


def rows_of(data: bytes) -> Iterator[dict[str, str]]:
    """Yield the rows of a table as ``from_csv`` reads them, each cell as text; pandas is not started for it."""
    return csv.DictReader(io.StringIO(data.decode(), newline=""))
