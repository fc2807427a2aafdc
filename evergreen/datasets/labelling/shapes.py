"""Shapes of other trades, named and not guessed: boxes beside images, labels in file names, a table beside a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading
from evergreen.datasets.labelling.file_names import pattern_for
from evergreen.datasets.labelling.names import key
from evergreen.datasets.labelling.subsets import WORDS, words_of
from evergreen.datasets.labelling.table import TABLES, columns_for, read_rows
from evergreen.datasets.labelling.words import some
from evergreen.errors import BadDataset
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Repair

_IMAGES = {"images", "image", "imgs", "img", "jpegimages", "photos", "pictures", "data"}
_BOXES = {"labels", "annotations", "annotation", "bboxes", "masks"}
_MOST_TABLES = 5
_ROWS_READ = 1 << 22  # bytes of a table that are enough to tell what it is


def doubt_about_shape(images: pd.DataFrame, files: pd.DataFrame, settings: Repair, read: ReadBlob) -> Doubt | None:
    """Return what a dataset without class folders looks like, and the lines that read it; None if it has some.

    Args:
        images: path, folder.
        files: path, sha256, bytes of every file of the source.
        settings: declared classes and renames make a folder a class folder, whatever it is called.
        read: gives the bytes of a table.
    """
    known = {key(name) for name in (*settings.classes, *settings.rename, *settings.subsets)}
    names = {folder.rpartition("/")[2] for folder in images["folder"].unique()}
    classes = {key(name) for name in names if name != "." and (key(name) in known or not _is_generic(name))}
    if len(classes) > 1 or classes & known or images.empty:
        return None
    readings = _table_readings(images, files, read)
    told = [f"a table {reading.changes['table']!r} beside them" for reading in readings]
    file_names = images["path"].map(lambda path: path.rpartition("/")[2])
    if found := pattern_for(file_names):
        pattern, counts = found
        told.append(f"names that begin with {' and '.join(counts) if len(counts) == 2 else some(counts, 6)}")
        readings.append(Reading("the file names hold the labels", {"pattern": pattern}, "labels"))
    boxes = _boxes(images, files)
    if not readings and not boxes:
        return None
    where = "one folder" if images["folder"].nunique() == 1 else f"{images['folder'].nunique()} folders"
    found_words = f"expected a folder for each class, received {len(images):,} images in {where}"
    if boxes:
        told.append(f"the folder {boxes!r}, as of object detection or segmentation (YOLO, VOC, COCO)")
    return Doubt(
        f"{found_words}, with {' and '.join(told)}",
        readings,
        "A classifier needs one label for each image: sort the images into a folder for each class, or write a table "
        "with a row for each image into the source and name it with labels: {table: FILE, file: COLUMN, label: COLUMN}."
        if boxes
        else "",
    )


def _is_generic(name: str) -> bool:
    """Whether a folder's name says nothing of a class: images, train, test1."""
    return key(name) in _IMAGES or any(word in WORDS for word in words_of(name))


def _boxes(images: pd.DataFrame, files: pd.DataFrame) -> str:
    """Return a folder of annotations beside the images' folder, or one above it; empty if there is none."""
    folders = {above for path in files["path"] for above in _above(path)}
    holding = {above for folder in images["folder"].unique() for above in _above(f"{folder}/x")}
    for folder in sorted(folders - holding):
        parent, _, name = folder.rpartition("/")
        if key(name) in _BOXES and any(above.rpartition("/")[0] == parent for above in holding):
            return folder
    return ""


def _above(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _table_readings(images: pd.DataFrame, files: pd.DataFrame, read: ReadBlob) -> list[Reading]:
    names = images["path"].map(lambda path: path.rpartition("/")[2])
    readings = []
    tables = files[[path.lower().endswith(TABLES) for path in files["path"]]]
    for row in tables.head(_MOST_TABLES).itertuples():
        try:
            rows = read_rows(_beginning(read(row.sha256)), row.path)
        except BadDataset:  # a text with such a suffix: no table, so it is not the one
            continue
        if columns := columns_for(names, rows):
            readings.append(Reading("a table holds the labels", {"table": row.path, **columns}, "labels"))
    return readings


def _beginning(data: bytes) -> bytes:
    """Return whole lines of a table, as many as are enough."""
    return data if len(data) <= _ROWS_READ else data[:_ROWS_READ].rpartition(b"\n")[0]
