"""Shapes of other trades, named and not guessed: boxes beside images, labels in file names, a table beside a folder."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from evergreen.datasets.labelling.doubt import Doubt, Reading, leaving_out
from evergreen.datasets.labelling.file_names import pattern_for
from evergreen.datasets.labelling.names import key
from evergreen.datasets.labelling.subsets import subsets_in
from evergreen.datasets.labelling.table import LABEL_COLUMNS, TABLES, columns_for, read_rows
from evergreen.datasets.labelling.tree import left_out, with_above
from evergreen.datasets.labelling.words import some
from evergreen.errors import BadDataset
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Repair

_IMAGES = {"images", "image", "imgs", "img", "jpegimages", "photos", "pictures", "data"}
_BOXES = {
    *("labels", "annotations", "annotation", "bboxes", "mask", "masks", "segmentation", "segmentations", "trimaps"),
    *("segmentationclass", "segmentationobject", "ground truth", "groundtruth", "gt"),
}
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
    inner = {path.rpartition("/")[0] for path in files["path"]}
    folders = {above for folder in inner for above in with_above(folder)} - {""}
    away = left_out(folders, settings)
    images = images[~images["folder"].isin(away)]
    names = {folder.rpartition("/")[2] for folder in images["folder"].unique()}
    classes = {key(name) for name in names if name != "." and (key(name) in known or not is_generic(name))}
    if images.empty or classes & known:
        return None
    holding = {above for folder in images["folder"].unique() for above in with_above(folder)}
    boxes = _boxes(holding, folders, away)
    if len(classes) > 1 and not boxes:
        return _doubt_about_table(images, files, settings, read)
    pictures = images[[not any(_inside(folder, box) for box in boxes) for folder in images["folder"]]]
    inside = {key(folder.rpartition("/")[2]) for folder in pictures["folder"].unique()}
    several = len({name for name in inside if not is_generic(name)}) > 1
    readings = [leaving_out("the folders beside them are the classes", settings, boxes)] if boxes and several else []
    plain = not several and len(pictures) == len(images)  # no annotation is a picture itself
    # Those of test have no label to show.
    shown = pictures[[not _is_unlabelled(folder) for folder in pictures["folder"]]]
    shown = pictures if shown.empty else shown
    readings += [reading for reading, _ in _tables(shown, files, read)] if plain else []
    told = [f"a table {reading.changes['table']!r} beside them" for reading in readings if reading.section == "labels"]
    if plain and (found := pattern_for(shown["path"].map(lambda path: path.rpartition("/")[2]))):
        pattern, counts = found
        told.append(f"names that begin with {' and '.join(counts) if len(counts) == 2 else some(counts, 6)}")
        readings.append(Reading("the file names hold the labels", {"pattern": pattern}, "labels"))
    if not readings and not boxes:
        return None
    where = "one folder" if images["folder"].nunique() == 1 else f"{images['folder'].nunique()} folders"
    if boxes:
        named = some(map(repr, boxes))
        told.append(f"{named} beside the pictures, as of object detection or segmentation (YOLO, VOC, COCO)")
    advice = (
        "A classifier needs one label for each image: sort the images into a folder for each class, or write a table "
        "with a row for each image into the source and name it with labels: {table: FILE, file: COLUMN, label: COLUMN}."
    )
    return Doubt(
        f"expected a folder for each class, received {len(images):,} images in {where}, with {' and '.join(told)}",
        readings,
        advice if boxes else "",
    )


def _doubt_about_table(images: pd.DataFrame, files: pd.DataFrame, settings: Repair, read: ReadBlob) -> Doubt | None:
    """Return what a table of labels says beside folders of other names: HAM_part_1, HAM_part_2 and their diagnoses."""
    if settings.level is not None or not (tables := _tables(images, files, read)):
        return None
    names = images["path"].map(lambda path: path.rpartition("/")[2])
    folders = dict(zip(names, images["folder"], strict=True))
    for reading, rows in tables:
        file, label, table = (str(reading.changes[name]) for name in ("file", "label", "table"))
        said = [
            (folders[name], value)
            for cell, value in zip(rows[file], rows[label], strict=True)
            if (name := f"{cell.rpartition('/')[2]}{reading.changes.get('suffix', '')}") in folders
        ]
        alike = sum(key(value) in map(key, folder.split("/")) for folder, value in said)
        if key(label) in LABEL_COLUMNS and 2 * len(said) > len(images) and 2 * alike < len(said):
            return Doubt(
                f"the table {table!r} gives {len(said):,} of {len(images):,} images labels, in the column {label}, and "
                "they are not the names of their folders",
                [reading, Reading("the folders are the classes", {"level": "first"})],
            )
    return None


def _inside(folder: str, above: str) -> bool:
    return folder == above or folder.startswith(f"{above}/")


def _is_unlabelled(folder: str) -> bool:
    return not {"test", "unlabelled"}.isdisjoint(subsets_in(folder.rpartition("/")[2]))


def is_generic(name: str) -> bool:
    """Whether a folder's name says nothing of a class: images, train, test1."""
    return key(name) in _IMAGES or bool(subsets_in(name))


def _boxes(holding: Collection[str], folders: Collection[str], away: Collection[str]) -> list[str]:
    """Return folders of annotations beside a folder of images; not if that has class folders that they do not mirror.

    Args:
        holding: folders that lead to images.
        folders: all folders.
        away: those that the recipe leaves out.
    """
    found = []
    for folder in sorted(folders):
        parent, _, name = folder.rpartition("/")
        if key(name) not in _BOXES or folder in away:
            continue
        beside = [f"{parent}/{other}".strip("/") for other in _children(parent, holding) if key(other) in _IMAGES]
        for images in beside:
            classes = {key(other) for other in _children(images, holding)}
            if not classes or classes & {key(other) for other in _children(folder, folders)} or folder in holding:
                found.append(folder)
    return list(dict.fromkeys(found))


def _children(folder: str, folders: Collection[str]) -> list[str]:
    return [path.rpartition("/")[2] for path in folders if path.rpartition("/")[0] == folder]


def _tables(images: pd.DataFrame, files: pd.DataFrame, read: ReadBlob) -> list[tuple[Reading, pd.DataFrame]]:
    """Return the tables that seem to name the images, each as it would be read, with its first rows."""
    tables = files[[path.lower().endswith(TABLES) for path in files["path"]]]
    if tables.empty:
        return []
    names = images["path"].map(lambda path: path.rpartition("/")[2])
    found = []
    for row in tables.head(_MOST_TABLES).itertuples():
        try:
            rows = read_rows(_beginning(read(row.sha256)), row.path)
        except BadDataset:  # a text with such a suffix: no table, so it is not the one
            continue
        if columns := columns_for(names, rows):
            reading = Reading("a table holds the labels", {"table": row.path, **columns}, "labels")
            found.append((reading, rows))
    return found


def _beginning(data: bytes) -> bytes:
    """Return whole lines of a table, as many as are enough."""
    return data if len(data) <= _ROWS_READ else data[:_ROWS_READ].rpartition(b"\n")[0]
