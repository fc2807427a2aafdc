"""From the files of one source to labels: what is no image is dropped; folders, names or a table are read, or asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from posixpath import splitext
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from evergreen.datasets.labelling.copies import contents_of
from evergreen.datasets.labelling.doubt import Doubt, Reading, question
from evergreen.datasets.labelling.file_names import labels_by_pattern, labels_in
from evergreen.datasets.labelling.names import key
from evergreen.datasets.labelling.not_images import notes_on_empty_folders, notes_on_kinds
from evergreen.datasets.labelling.reading import OUTSIDE, Folders, read_folders
from evergreen.datasets.labelling.shapes import doubt_about_shape, is_generic
from evergreen.datasets.labelling.table import holds_table, labels_by_table
from evergreen.datasets.labelling.tree import Tree, path_of
from evergreen.datasets.labelling.words import counted, some
from evergreen.errors import BadDataset
from evergreen.images.formats import IMAGE
from evergreen.images.junk import NOT_AN_IMAGE, junk_reason, never_looked_into
from evergreen.sections.labels import Labels
from evergreen.tables import UNLABELLED, ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.labels import Repair

Settings = TypeVar("Settings", bound=BaseModel)
_TWICE = "listed twice with the same content"
_ONE_SECTION = (
    "The recipe has one section labels for all of its sources: give tables one name and the same columns, files one "
    "pattern, or sort the images into a folder for each class."
)


@dataclass(frozen=True)
class Labelled:
    """What the files of one source are.

    Attributes:
        table: one row a file that is used: path, sha256, bytes, label, subset, group.
        found: what its folders, or labels, mean.
        dropped: of each file that is not used, why: text.
        notes: what was found and done without a question, a sentence each.
        nothing: why there is no labelled image in it, in words; empty if there is one.
        maybe_images: files that may be images, by their names and first bytes, used or not.
    """

    table: pd.DataFrame
    found: Folders
    dropped: pd.Series
    notes: list[str]
    nothing: str
    maybe_images: int


def label_source(
    files: pd.DataFrame, settings: Repair, labels: Labels, read: ReadBlob, *, among: bool = False
) -> Labelled:
    """Give every image of one source its label, and its subset.

    Args:
        files: one row a file: path (POSIX, as in the archive), sha256, bytes, archive, and kind, as ``kind_of`` says.
        settings: declared classes, the level, renames, what is left out, subsets.
        labels: a pattern of file names, or a table, where the folders do not say it.
        read: gives the bytes of a table.
        among: whether it is one of several sources; then its folders are its classes where ``labels`` fits it not.

    Raises:
        BadDataset: something that can be read in several ways: the message shows them.
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
    labelling = _Labelling(kept, nameless, files, read, among)
    try:
        table, found = labelling.label(settings, labels)
    except Doubt as doubt:
        raise labelling.question(doubt, settings, labels) from None
    outside = table.loc[table["what"] == OUTSIDE, "why"]
    table = table[table["used"]]
    reasons[nameless.index[nameless["path"].isin(table["path"])]] = ""
    nothing = "" if (table["subset"] != UNLABELLED).any() else _nothing(files, reasons, found)
    others = files[reasons != ""]
    others = others[others["path"].map(lambda path: not never_looked_into(path, declared)).astype(bool)]
    empty = notes_on_empty_folders(table, others)
    dropped = pd.concat([reasons[reasons != ""], outside])
    return Labelled(table, found, dropped, [*found.notes, *empty], nothing, len(kept))


@dataclass(frozen=True)
class _Labelling:
    """Labels the files of one source under one recipe or another.

    Attributes:
        kept: the files that may be images: path, sha256, kind, folder and more.
        nameless: files without a suffix that are none by their first bytes; in a class folder they are quarantined.
        files: all of them.
        read: gives the bytes of a table.
        among: whether other sources have labels of their own, for which ``labels`` may be meant.
    """

    kept: pd.DataFrame
    nameless: pd.DataFrame
    files: pd.DataFrame
    read: ReadBlob
    among: bool

    def label(self, settings: Repair, labels: Labels) -> tuple[pd.DataFrame, Folders]:
        """Return the files with label, subset, what, why, group and used; and what the folders, or labels, mean.

        Raises:
            Doubt: something can be read in several ways.
        """
        import pandas as pd

        elsewhere = self._meant_for_another(labels) if self.among else ""
        if elsewhere:
            labels = Labels()
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
        return table, replace(found, notes=[*([elsewhere] if elsewhere else []), *found.notes, *notes])

    def _meant_for_another(self, labels: Labels) -> str:
        """Return, in words, why ``labels`` says nothing of this source and its folders do; empty where it does."""
        if labels.table and not holds_table(self.files["path"], labels.table):
            return f"its folders are its classes: it has no file {labels.table!r} (labels.table)"
        if not labels.pattern:
            return ""
        found = labels_in(self.kept["path"], labels.pattern)
        said = [(label, folder) for label, folder in zip(found, self.kept["folder"], strict=True) if label]
        if 2 * len(said) < len(found) or not said:
            return f"its folders are its classes: most of its names do not match labels.pattern {labels.pattern}"
        folders = {key(folder.rpartition("/")[2]) for _, folder in said if not is_generic(folder.rpartition("/")[2])}
        alike = sum(key(label) in map(key, folder.split("/")) for label, folder in said)
        if len(folders) > 1 and 2 * alike < len(said):
            raise BadDataset(
                f"labels.pattern {labels.pattern} fits the names of its files, and finds other labels in them "
                f"({some(dict.fromkeys(label for label, _ in said))}) than its folders have "
                f"({some(dict.fromkeys(folder for _, folder in said))}): which are its classes? Write a pattern that "
                "matches the names of those sources alone whose folders say nothing, or sort these into other folders"
            )
        return ""

    def question(self, doubt: Doubt, settings: Repair, labels: Labels) -> BadDataset:
        """Return the doubt as a question, each of its readings tried."""

        def tried(reading: Reading) -> dict[str, int] | str | None:
            try:
                if reading.section == "labels":
                    table, found = self.label(settings, changed(labels, reading))
                else:
                    table, found = self.label(changed(settings, reading), labels)
            except Doubt:
                return "asks further, in the same way"
            except (BadDataset, ValidationError):  # no way to read it
                return None
            labelled = table["used"] & (table["label"] != "") & (table["kind"] == IMAGE)
            counts = table.loc[labelled, "label"].value_counts()
            return {name: int(counts.get(name, 0)) for name in found.classes}

        if self.among and labels.given:  # one section, which another source needs as it is
            readings = [reading for reading in doubt.readings if reading.section != "labels"]
            if len(readings) < len(doubt.readings):
                doubt = replace(doubt, readings=readings, advice=f"{doubt.advice} {_ONE_SECTION}".strip())
        tree = Tree({path_of(folder): int(count) for folder, count in self.kept["folder"].value_counts().items()})
        return question(doubt, tree.drawn(), tried)


def changed(section: Settings, reading: Reading) -> Settings:
    """Return a section of the recipe as a reading of a doubt says it."""
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
