"""From file names to labels: finds the class folders, drops junk, and gives each folder its class's name."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from evergreen.errors import BadDataset, NotBuiltYet

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Repair

_JUNK_NAMES = {".ds_store", "thumbs.db", "desktop.ini"}
_JUNK_SUFFIXES = {".txt", ".md", ".csv", ".json", ".xml", ".html", ".pdf", ".py", ".ipynb"}
_ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar"}
_SUBSETS = {"train", "training", "validation", "valid", "val", "test", "testing"}
_NEAR = 0.75  # difflib ratio of a near-miss; two transposed letters in five give 0.8


@dataclass(frozen=True)
class Repaired:
    """What repair found.

    Attributes:
        dataset: one row an image: path, label, sha256, bytes; sorted by path. The path is ``label/file name``, so a
            folder renamed to the same class changes nothing; where two files would get the same, their whole path
            stands below the label.
        origins: one row an image: path, origin (its name in the source).
        renames: one row a folder: folder, label, why, count.
        dropped: one row a reason: reason, count.
        classes: class names in the order that every later step and export keeps.
    """

    dataset: pd.DataFrame
    origins: pd.DataFrame
    renames: pd.DataFrame
    dropped: pd.DataFrame
    classes: list[str]


def repair(files: pd.DataFrame, settings: Repair) -> Repaired:
    """Give every image the label of the folder that holds it.

    Args:
        files: one row a file: path (POSIX, as in the archive), sha256, bytes.
        settings: declared classes, explicit renames.

    Raises:
        BadDataset: no image in any folder; a folder that is none of the declared classes, or could be several.
    """
    import pandas as pd

    files = files.sort_values(["path", "sha256"], kind="stable", ignore_index=True)
    reasons = files["path"].map(_junk_reason)
    reasons[files.duplicated() & (reasons == "")] = "listed twice with the same content"
    kept = files[reasons == ""]
    folders = kept["path"].map(lambda path: str(PurePosixPath(path).parent))
    _refuse_subsets(folders)
    labels, renames = _name_folders(folders, settings)
    copies = _repeated_folders(kept, folders, labels)
    table = kept.assign(label=folders.map(labels))[~folders.isin(copies)]
    renames["why"] = [
        "same files as another folder of this class: counted once" if row.folder in copies else row.why
        for row in renames.itertuples()
    ]
    if table.empty:
        raise BadDataset(f"expected images in class folders, received {len(files)} files and no image in a folder")
    table = _canonical(table)
    dropped = reasons[reasons != ""].value_counts().sort_index()
    return Repaired(
        dataset=table[["path", "label", "sha256", "bytes"]],
        origins=table[["path", "origin"]],
        renames=renames,
        dropped=pd.DataFrame({"reason": dropped.index, "count": dropped.to_numpy()}),
        classes=list(settings.classes) or sorted(table["label"].unique()),
    )


def _canonical(table: pd.DataFrame) -> pd.DataFrame:
    """Name every image after its label and its file, keep its name in the source as ``origin``, and sort."""
    table = table.assign(origin=table["path"])
    table["path"] = table["label"] + "/" + table["origin"].map(lambda origin: PurePosixPath(origin).name)
    twice = table["path"].duplicated(keep=False)
    table.loc[twice, "path"] = table["label"] + "/" + table["origin"]
    # Still the same: one name twice in an archive, or in two archives. Numbered, by content, so that no order counts.
    numbers = table.groupby("path").cumcount()
    for index, number in numbers[numbers > 0].items():
        path = PurePosixPath(table.at[index, "path"])
        table.at[index, "path"] = str(path.with_stem(f"{path.stem} ({number + 1})"))
    return table.sort_values(["path", "sha256"], ignore_index=True)


def _junk_reason(path: str) -> str:
    """Return why a file is no image of a class, or an empty string."""
    name = PurePosixPath(path)
    if "__MACOSX" in name.parts or name.name.startswith("._"):
        return "macOS resource fork"
    if name.name.lower() in _JUNK_NAMES:
        return "file of the operating system"
    if name.suffix.lower() in _ARCHIVES:
        return "an archive in the archive: not opened"
    if name.suffix.lower() in _JUNK_SUFFIXES:
        return "not an image"
    return "" if len(name.parts) > 1 else "outside any folder"


def _refuse_subsets(folders: pd.Series) -> None:
    found = {part for folder in folders.unique() for part in PurePosixPath(folder).parts if part.lower() in _SUBSETS}
    if found:
        raise NotBuiltYet(f"not built yet: archives with subset folders; received {', '.join(sorted(found))}")


def _name_folders(folders: pd.Series, settings: Repair) -> tuple[dict[str, str], pd.DataFrame]:
    """Return {folder: label} and the table that says why."""
    import pandas as pd

    counts = folders.value_counts().sort_index()
    spellings: dict[str, str] = {}
    rows = []
    for folder, count in counts.items():
        raw = PurePosixPath(str(folder)).name
        label, why = _label_of(raw, settings)
        label = spellings.setdefault(label.casefold(), label)
        rows.append({"folder": str(folder), "label": label, "why": why, "count": int(count)})
    table = pd.DataFrame(rows, columns=["folder", "label", "why", "count"])
    return dict(zip(table["folder"], table["label"], strict=True)), table


def _label_of(raw: str, settings: Repair) -> tuple[str, str]:
    """Return the class that a folder's name means, and how that was decided.

    Raises:
        BadDataset: classes are declared and the name is near none of them, or near several.
    """
    if raw in settings.rename:
        return settings.rename[raw], "renamed by the recipe"
    tidy = _tidy(raw)
    if not settings.classes:
        return tidy, "as it is" if tidy == raw else "white space and Unicode normalised"
    for same, why in ((_tidy_fold, "as declared"), (_letters, "split or joined words")):
        matches = [name for name in settings.classes if same(name) == same(raw)]
        if len(matches) == 1:
            return matches[0], "as it is" if matches[0] == raw else why
    near = difflib.get_close_matches(_letters(raw), [_letters(name) for name in settings.classes], n=2, cutoff=_NEAR)
    choices = [name for name in settings.classes if _letters(name) in near]
    if len(choices) == 1:
        return choices[0], "near-miss of one declared class"
    meant = f"could be {' or '.join(choices)}" if choices else f"is none of {', '.join(settings.classes)}"
    raise BadDataset(f"the folder {raw!r} {meant}; say which with repair.rename: {{{raw!r}: CLASS}}")


def _tidy(name: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()


def _tidy_fold(name: str) -> str:
    return _tidy(name).casefold()


def _letters(name: str) -> str:
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", name)).casefold()


def _repeated_folders(kept: pd.DataFrame, folders: pd.Series, labels: dict[str, str]) -> set[str]:
    """Return folders that hold exactly the same files as a shallower folder of the same class."""
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    copies = set()
    for folder in sorted(labels, key=lambda folder: (len(PurePosixPath(folder).parts), folder)):
        rows = kept[folders == folder]
        names = rows["path"].map(lambda path: PurePosixPath(path).name)
        content = tuple(sorted(zip(names, rows["sha256"], strict=True)))
        if (labels[folder], content) in seen:
            copies.add(folder)
        seen.add((labels[folder], content))
    return copies
