"""From files to labels: drops what is no image, and gives every image the class of its folder, name or table row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from posixpath import splitext
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from evergreen.datasets.labelling.copies import contents_of
from evergreen.datasets.labelling.doubt import Doubt, Reading, question
from evergreen.datasets.labelling.file_names import labels_by_pattern
from evergreen.datasets.labelling.not_images import notes_on_empty_folders, notes_on_kinds
from evergreen.datasets.labelling.reading import OUTSIDE, Folders, read_folders
from evergreen.datasets.labelling.shapes import doubt_about_shape
from evergreen.datasets.labelling.table import labels_by_table
from evergreen.datasets.labelling.tree import Tree, path_of
from evergreen.datasets.labelling.words import counted, some
from evergreen.errors import BadDataset
from evergreen.images.formats import IMAGE
from evergreen.images.junk import NOT_AN_IMAGE, junk_reason, never_looked_into
from evergreen.tables import UNLABELLED, ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Labels, Repair

_Section = TypeVar("_Section", bound=BaseModel)
_TWICE = "listed twice with the same content"


@dataclass(frozen=True)
class Repaired:
    """What repair found.

    Attributes:
        dataset: one row an image: path, label, sha256, bytes, subset; sorted by path. The path is ``label/file name``,
            below its subset if there is one, so a folder renamed to the same class changes nothing; where two files
            would get the same, their whole path stands below the label. The subset is train, validation, test,
            unlabelled (its label is empty) or empty.
        origins: one row an image: path, origin (its name in the source).
        renames: one row a folder, or a label of a table: folder, subset, label, what, why, count.
        dropped: one row a reason: reason, count.
        groups: one row an image that lies in a folder inside its class: path, group.
        notes: what was found and done without a question: note.
        classes: class names in the order that every later step and export keeps.
    """

    dataset: pd.DataFrame
    origins: pd.DataFrame
    renames: pd.DataFrame
    dropped: pd.DataFrame
    groups: pd.DataFrame
    notes: pd.DataFrame
    classes: list[str]

    def told_before(self, left_out: pd.DataFrame, notes: pd.DataFrame) -> Repaired:
        """Return the same with what was left out, and said, when the files came in: reason, count; note."""
        import pandas as pd

        dropped = pd.concat([self.dropped, left_out]).groupby("reason", as_index=False)["count"].sum()
        return replace(self, dropped=dropped, notes=pd.concat([notes, self.notes], ignore_index=True))


def repair(files: pd.DataFrame, settings: Repair, labels: Labels, read: ReadBlob) -> Repaired:
    """Give every image its class, and its subset.

    Args:
        files: one row a file: path (POSIX, as in the archive), sha256, bytes, archive, and kind, as ``kind_of`` says.
        settings: declared classes, the level, renames, what is left out, subsets.
        labels: a pattern of file names, or a table, where the folders do not say it.
        read: gives the bytes of a table.

    Raises:
        BadDataset: no image in any folder, or something that can be read in several ways: the message shows them.
    """
    import pandas as pd

    files = files.sort_values(["path", "sha256"], kind="stable", ignore_index=True)
    declared = {*settings.classes, *(PurePosixPath(name).name for name in settings.rename)}
    reasons = pd.Series(
        [junk_reason(*file, declared) for file in zip(files["path"], files["kind"], strict=True)], dtype=str
    )
    reasons[files.duplicated() & (reasons == "")] = _TWICE
    kept = files[reasons == ""]
    kept = _in_folders(kept)
    nameless = files[reasons.str.startswith(NOT_AN_IMAGE)]
    nameless = _in_folders(nameless[nameless["path"].map(lambda path: not splitext(path)[1]).astype(bool)])
    labelling = _Labelling(kept, nameless, files, read)
    try:
        table, found = labelling.label(settings, labels)
    except Doubt as doubt:
        raise labelling.question(doubt, settings, labels) from None
    outside = table.loc[table["what"] == OUTSIDE, "why"]
    table = table[table["used"]]
    reasons[nameless.index[nameless["path"].isin(table["path"])]] = ""
    if not (table["subset"] != UNLABELLED).any():
        raise BadDataset(_nothing(files, reasons, found))
    others = files[reasons != ""]
    others = others[others["path"].map(lambda path: not never_looked_into(path, declared)).astype(bool)]
    empty = notes_on_empty_folders(table, others)
    table = _canonical(table)
    dropped = pd.concat([reasons[reasons != ""], outside]).value_counts().sort_index()
    return Repaired(
        dataset=table[["path", "label", "sha256", "bytes", "subset"]],
        origins=table[["path", "origin"]],
        renames=_renames(found),
        dropped=pd.DataFrame({"reason": dropped.index, "count": dropped.to_numpy()}),
        groups=table.loc[table["group"] != "", ["path", "group"]].reset_index(drop=True),
        notes=pd.DataFrame({"note": [*found.notes, *empty]}, dtype=str),
        classes=found.classes,
    )


@dataclass(frozen=True)
class _Labelling:
    """Labels the same files under one recipe or another.

    Attributes:
        kept: the files that may be images: path, sha256, kind, folder and more.
        nameless: files without a suffix that are none by their first bytes; in a class folder they are quarantined.
        files: all of them.
        read: gives the bytes of a table.
    """

    kept: pd.DataFrame
    nameless: pd.DataFrame
    files: pd.DataFrame
    read: ReadBlob

    def label(self, settings: Repair, labels: Labels) -> tuple[pd.DataFrame, Folders]:
        """Return the files with label, subset, what, why, group and used; and what the folders, or labels, mean.

        Raises:
            Doubt: something can be read in several ways.
        """
        import pandas as pd

        if labels.pattern:
            table, found = labels_by_pattern(self.kept, settings, labels)
        elif labels.table:
            table, found = labels_by_table(self.kept, self.files, settings, labels, self.read)
        else:
            if doubt := doubt_about_shape(self.kept, self.files, settings, self.read):
                raise doubt
            counts = self.kept["folder"].value_counts().to_dict()
            found = read_folders(counts, contents_of(self.kept), settings)
            table = pd.concat([self.kept, self.nameless]).merge(_rows(found), on="folder")
            if len(table) < len(self.kept):
                raise RuntimeError(f"expected what each of {len(self.kept):,} files means, received {len(table):,}")
        notes = notes_on_kinds(table[table["used"]], settings)
        return table, Folders(found.folders, found.classes, [*found.notes, *notes])

    def question(self, doubt: Doubt, settings: Repair, labels: Labels) -> BadDataset:
        """Return the doubt as a question, each of its readings tried."""

        def tried(reading: Reading) -> dict[str, int] | str | None:
            try:
                if reading.section == "labels":
                    table, found = self.label(settings, _changed(labels, reading))
                else:
                    table, found = self.label(_changed(settings, reading), labels)
            except Doubt:
                return "asks further, in the same way"
            except (BadDataset, ValidationError):  # no way to read it
                return None
            labelled = table["used"] & (table["label"] != "") & (table["kind"] == IMAGE)
            counts = table.loc[labelled, "label"].value_counts()
            return {name: int(counts.get(name, 0)) for name in found.classes}

        tree = Tree({path_of(folder): int(count) for folder, count in self.kept["folder"].value_counts().items()})
        return question(doubt, tree.drawn(), tried)


def _changed(section: _Section, reading: Reading) -> _Section:
    return type(section).model_validate(section.model_dump() | dict(reading.changes))


def _nothing(files: pd.DataFrame, reasons: pd.Series, found: Folders) -> str:
    """Say that there is no labelled image, and what there is instead."""
    held = counted(files["kind"].value_counts().to_dict())
    why = counted(reasons[reasons != ""].value_counts().to_dict())
    unlabelled = some(row.folder for row in found.folders if row.what == UNLABELLED)
    return (
        f"expected images in class folders, received {len(files):,} files and no image in a folder"
        f"{f' ({held})' if held else ''}{f'; left out: {why}' if why else ''}"
        f"{f'; read as subsets without labels: {unlabelled} (repair.classes says otherwise)' if unlabelled else ''}: "
        "put the images of each class into a folder of its own"
    )


def _in_folders(files: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    folders = [path.rpartition("/")[0] or "." for path in files["path"]]
    return files.assign(folder=pd.Series(folders, index=files.index, dtype=object))


def _rows(found: Folders) -> pd.DataFrame:
    import pandas as pd

    rows = [(row.folder, row.label, row.subset, row.what, row.why, row.group, row.used) for row in found.folders]
    return pd.DataFrame(rows, columns=["folder", "label", "subset", "what", "why", "group", "used"]).astype(
        {"used": bool}
    )


def _renames(found: Folders) -> pd.DataFrame:
    import pandas as pd

    folders = [row for row in found.folders if row.what != OUTSIDE]
    rows = [(row.folder, row.subset, row.label, row.what, row.why, row.count) for row in folders]
    return pd.DataFrame(rows, columns=["folder", "subset", "label", "what", "why", "count"])


def _canonical(table: pd.DataFrame) -> pd.DataFrame:
    """Name every image after its subset, label and file, keep its name in the source as ``origin``, and sort."""
    table = table.sort_values(["path", "sha256"], kind="stable", ignore_index=True).assign(
        origin=lambda rows: rows["path"]
    )
    below = (table["subset"] + "/" + table["label"]).str.strip("/")
    table["path"] = below + "/" + table["origin"].map(lambda origin: origin.rpartition("/")[2])
    twice = table["path"].duplicated(keep=False)
    table.loc[twice, "path"] = below + "/" + table["origin"]
    # Still the same: one name twice in an archive, or in two archives. Numbered, by content, so that no order counts.
    taken = set(table["path"])
    for index in table.index[table["path"].duplicated()]:
        path, number = PurePosixPath(table.at[index, "path"]), 2
        while (named := str(path.with_stem(f"{path.stem} ({number})"))) in taken:
            number += 1
        taken.add(named)
        table.at[index, "path"] = named
    return table.sort_values(["path", "sha256"], ignore_index=True)
