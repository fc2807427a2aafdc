"""Labels that stand in a table of the source: one row an image."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.given_labels import label_rows
from evergreen.datasets.labelling.names import key, tidy
from evergreen.datasets.labelling.reading import Folders
from evergreen.datasets.labelling.subsets import WORDS
from evergreen.datasets.labelling.tree import ends_with, left_out
from evergreen.datasets.labelling.words import some
from evergreen.errors import BadDataset
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Labels, Repair, Subset

TABLES = (".csv", ".tsv")
_SEVERAL = re.compile(r"\s*[|;,]\s*")
_LARGEST = 256 << 20


def labels_by_table(
    images: pd.DataFrame, files: pd.DataFrame, settings: Repair, labels: Labels, read: ReadBlob
) -> tuple[pd.DataFrame, Folders]:
    """Return the images with label, subset, what, why, group and used; and what every label means.

    Args:
        images: path, folder and more.
        files: path, sha256, bytes of every file of the source.
        settings: declared classes, renames, folders that are left out, subsets.
        labels: the table, and the names of its columns.
        read: gives the table's bytes.

    Raises:
        BadDataset: there is no such table, or column; its rows name no image, or one of several; a cell holds several
            labels; an image has two.
        Doubt: a label is none of the classes, or could be several.
    """
    path, rows = _table(files, labels, read)
    notes = []
    named = [_file_of(value, labels.suffix) for value in rows[str(labels.file)]]
    away = left_out(images["folder"], settings)
    found, missing = _match(named, images.loc[~images["folder"].isin(away), "path"], path)
    if len(missing) == len(named):
        raise _nothing_matches(named, images["path"], path, labels)
    cells = [tidy(cell) for cell in rows[str(labels.label)]]
    _refuse_several(cells, path)
    given: dict[str, tuple[str, str]] = {}
    doubled = 0
    sides = list(rows[labels.subset]) if labels.subset else [""] * len(rows)
    for image, cell, side in zip(found, cells, sides, strict=True):
        if image is None:
            continue
        if image in given and given[image] != (cell, side):
            raise BadDataset(
                f"{path}: expected one label for {image!r}, received {given[image][0]!r} and {cell!r}: keep one row "
                "of each image"
            )
        doubled += image in given
        given[image] = cell, side
    if missing:
        notes.append(f"{path}: {len(missing):,} rows name no image of the source, such as {missing[0]!r}")
    if doubled:
        notes.append(f"{path}: {doubled:,} rows say again what another row says: counted once")
    said = [given.get(image, ("", "")) for image in images["path"]]
    subsets = {side: _subset(side, settings, path) for side in dict.fromkeys(side for _, side in said)}
    table, folders = label_rows(
        images,
        [label or None for label, _ in said],
        settings,
        f"no row with a label in {path}",
        [subsets[side] for _, side in said] if labels.subset else None,
    )
    return table, Folders(folders.folders, folders.classes, [*notes, *folders.notes])


def holds_table(paths: Iterable[str], table: str) -> bool:
    """Whether one of some files is what ``labels.table`` names."""
    return any(ends_with(path, table.strip("/")) for path in paths)


def columns_for(names: pd.Series, rows: pd.DataFrame) -> dict[str, str] | None:
    """Return file, label and suffix as a table's columns seem to be meant; None if none of them names the files.

    Args:
        names: file names without folders.
        rows: the table, text.
    """
    files, stems = set(names), {PurePosixPath(name).stem for name in names}
    suffixes = Counter(PurePosixPath(name).suffix for name in names)
    # Whole names first: the numbers of an index fit stems, and mean nothing.
    for known, suffix in ((files, ""), (stems, suffixes.most_common(1)[0][0])):
        for column in rows:
            values = {value.replace("\\", "/").rpartition("/")[2] for value in rows[column]}
            if len(values & known) * 2 > len(values):
                others = [other for other in rows if other != column and 1 < rows[other].nunique() <= len(rows) / 2]
                likely = sorted(others, key=lambda name: (key(name) not in LABEL_COLUMNS, rows[name].nunique()))
                if likely:
                    return {"file": column, "label": likely[0]} | ({"suffix": suffix} if suffix else {})
    return None


LABEL_COLUMNS = {"label", "labels", "class", "category", "target", "breed", "species", "diagnosis", "dx", "y"}


def read_rows(data: bytes, path: str) -> pd.DataFrame:
    """Return a CSV or TSV as a table of text.

    Raises:
        BadDataset: it is none.
    """
    import pandas as pd

    try:
        text = data.decode("utf-8-sig")
        header = text.partition("\n")[0]
        separator = "\t" if path.lower().endswith(".tsv") else max(",;\t|", key=header.count)
        return pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, skipinitialspace=True, index_col=False
        )
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        raise BadDataset(f"{path}: expected a table as CSV or TSV in UTF-8; {error}") from None


def _table(files: pd.DataFrame, labels: Labels, read: ReadBlob) -> tuple[str, pd.DataFrame]:
    wanted = str(labels.table).strip("/")
    found = files[[ends_with(path, wanted) for path in files["path"]]]
    if found["sha256"].nunique() != 1:
        tables = [path for path in files["path"] if path.lower().endswith(TABLES)]
        raise BadDataset(
            f"labels.table: expected one file {wanted!r} in the source, found {len(found)}"
            f"{': ' if len(found) else ''}{_quoted(found['path'])}; its tables are: {_quoted(tables) or 'none'}"
        )
    row = found.iloc[0]
    if row["bytes"] > _LARGEST:
        raise BadDataset(f"labels.table: {row['path']} has {row['bytes']:,} bytes; expected at most {_LARGEST:,}")
    table = read_rows(read(row["sha256"]), row["path"])
    for field, column in (("file", labels.file), ("label", labels.label), ("subset", labels.subset)):
        if column and column not in table:
            near = difflib.get_close_matches(column, list(map(str, table)), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise BadDataset(
                f"labels.{field}: {row['path']} has no column {column!r}; it has {', '.join(map(str, table))}{hint}"
            )
    return row["path"], table


def _file_of(value: str, suffix: str) -> str:
    path = value.strip().replace("\\", "/").removeprefix("./").strip("/")
    return path if not path or path.endswith(suffix) else path + suffix


def _match(named: list[str], paths: pd.Series, table: str) -> tuple[list[str | None], list[str]]:
    """Return the image that each row names, and the rows' words for those that are not there."""
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    found: list[str | None] = []
    missing: list[str] = []
    for value in named:
        all_of_name = by_name.get(value.rpartition("/")[2], [])
        fits = [path for path in all_of_name if ends_with(path, value)]
        if len(set(fits)) > 1:
            raise BadDataset(
                f"{table}: {value!r} is {len(fits)} images of the source ({_quoted(fits)}): write their folders into "
                "the column, or leave the others out with repair.leave_out"
            )
        found.append(fits[0] if fits else None)
        if not fits:
            missing.append(value)
    return found, missing


def _nothing_matches(named: list[str], paths: pd.Series, table: str, labels: Labels) -> BadDataset:
    stems = {PurePosixPath(path).stem: PurePosixPath(path).suffix for path in paths}
    hint = ""
    if not labels.suffix and (suffix := next((stems[value] for value in named if value in stems), "")):
        hint = f"; labels.suffix: {suffix} would make them so"
    return BadDataset(
        f"{table}: expected images of the source in column {labels.file}, its {len(named):,} rows name none, such as "
        f"{_quoted(named)}; the source has {_quoted(list(paths))}{hint}"
    )


def _refuse_several(cells: list[str], path: str) -> None:
    """Refuse cells that hold several labels; a label may have blanks and commas of its own."""
    held = Counter(part for cell in set(cells) for part in {cell, *_SEVERAL.split(cell)})
    for cell in cells:
        parts = [part for part in _SEVERAL.split(cell) if part]
        if len(parts) > 1 and ("|" in cell or all(held[part] > 1 for part in parts)):
            raise BadDataset(
                f"{path}: expected one label in each cell, received {cell!r}: images with several labels cannot be "
                "learned as classes; keep one, or leave these rows out"
            )


def _subset(value: str, settings: Repair, path: str) -> Subset:
    said = {tidy(name).lower(): subset for name, subset in settings.subsets.items()}
    if not value.strip():
        return ""
    subset = said.get(tidy(value).lower()) or WORDS.get(key(value))
    if subset is None:
        raise BadDataset(
            f"{path}: {value!r} is no subset; expected train, validation or test in the column of labels.subset, or "
            f"repair.subsets: {{{value!r}: train}}"
        )
    return subset


def _quoted(values: Iterable[str]) -> str:
    return some(map(repr, dict.fromkeys(values)), 3)
