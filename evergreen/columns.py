"""Large tables by column: Arrow's IPC file, uncompressed, which one reader reads beside CSV.

A table of ``ROWS`` rows or more rests so, a smaller one as CSV, which people read (``evergreen.tables``): which of the
two depends on its rows alone, and both hold the same texts and numbers. The bytes are decided by the table: batches of
one length, no statistics, no names or versions of programs, nothing compressed, whose bytes another version of a
library may choose differently. Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from evergreen.tables import FLOATS, INTEGERS, from_csv, to_csv, whole_numbers

if TYPE_CHECKING:
    import pandas as pd

# From here on CSV would cost over half a second to write, and as long to read.
ROWS = 100_000
CSV, ARROW = ".csv", ".arrow"
_BATCH, _SOME = 65_536, 1_000


def file_of(name: str, table: pd.DataFrame) -> dict[str, bytes]:
    """Return the file in which a table rests: ``<name>.csv``, or ``<name>.arrow`` where it is large.

    Args:
        name: without a suffix.
        table: any.

    Raises:
        ValueError: as ``to_csv``.
    """
    if len(table) < ROWS:
        return {f"{name}{CSV}": to_csv(table)}
    return {f"{name}{ARROW}": to_arrow(table)}


def by_column(name: str) -> str:
    """Return what a table's file is called where it is large: ``dataset.csv`` gives ``dataset.arrow``."""
    return f"{name.removesuffix(CSV)}{ARROW}" if name.endswith(CSV) else name


def read(name: str, data: bytes) -> pd.DataFrame:
    """Read a table, as ``from_csv`` does, from the bytes of its file of that name."""
    return from_arrow(data) if name.endswith(ARROW) else from_csv(data)


def to_arrow(table: pd.DataFrame) -> bytes:
    """Return a table as bytes that ``from_arrow`` reads back just as ``from_csv`` would what ``to_csv`` wrote.

    Raises:
        ValueError: as ``to_csv``.
    """
    import pyarrow as pa

    types = {name: _type(name) for name in map(str, table.columns)}
    schema = pa.schema([pa.field(name, kind) for name, kind in types.items()])
    columns = [_values(table[name]) for name in table.columns]
    made = io.BytesIO()
    with pa.ipc.new_file(made, schema, options=pa.ipc.IpcWriteOptions(compression=None)) as file:
        for start in range(0, len(table), _BATCH):
            arrays = [
                pa.array(column.iloc[start : start + _BATCH].to_numpy(), type=kind)
                for column, kind in zip(columns, types.values(), strict=True)
            ]
            _without_nul(arrays)
            file.write_batch(pa.record_batch(arrays, schema=schema))
    return made.getvalue()


def from_arrow(data: bytes) -> pd.DataFrame:
    """Read what ``to_arrow`` wrote: known count columns as int64, known floats as float64, all else text."""
    import pandas as pd
    import pyarrow as pa

    with pa.ipc.open_file(pa.BufferReader(data)) as file:
        batches = [file.get_batch(number) for number in range(file.num_record_batches)]
        found = pa.Table.from_batches(batches, file.schema)
    # A text of many rows is in memory once; to look for such among digests would take longer than to make these.
    few = {name: len(found[name].slice(0, _SOME).unique()) < _SOME / 2 for name in found.column_names}
    return pd.DataFrame(
        {name: found[name].to_pandas(deduplicate_objects=few[name]) for name in found.column_names},
        copy=len(batches) < 2,  # numbers of one batch would be the bytes themselves, which nobody may change
    )


def rows_of(data: bytes, names: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of what ``to_arrow`` wrote, of some columns each cell as text; pandas is not started for it.

    Args:
        data: the file.
        names: of columns; those that the table lacks are in no row.
    """
    import pyarrow as pa

    with pa.ipc.open_file(pa.BufferReader(data)) as file:
        there = [name for name in names if name in file.schema.names] if names else file.schema.names
        for number in range(file.num_record_batches):
            batch = file.get_batch(number)
            for cells in zip(*(map(str, batch.column(name).to_pylist()) for name in there), strict=True):
                yield dict(zip(there, cells, strict=True))


def _type(name: str) -> Any:
    import pyarrow as pa

    return pa.int64() if name in INTEGERS else pa.float64() if name in FLOATS else pa.string()


def _values(column: pd.Series) -> pd.Series:
    """Return a column as it is written: whole numbers, floats, or the texts that CSV would hold."""
    from pandas.api.types import infer_dtype

    name = str(column.name)
    if name in INTEGERS:
        return whole_numbers(column)
    if name in FLOATS:
        return column.astype("float64")
    if infer_dtype(column, skipna=False) == "string":
        return column
    return from_csv(to_csv(column.rename("text").to_frame()))["text"]


def _without_nul(arrays: list[Any]) -> None:
    import pyarrow.compute as pc
    import pyarrow.types

    for array in arrays:
        if pyarrow.types.is_string(array.type) and pc.any(pc.match_substring(array, "\0")).as_py():
            raise ValueError("expected text that can be read back, received one that holds a NUL")
