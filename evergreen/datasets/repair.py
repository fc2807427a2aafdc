"""From file names to labels: finds subset and class folders, drops junk, and gives each folder its class's name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from evergreen.datasets.layout import Subset, class_folder, subset_folders, subset_of, subsets_inside_classes
from evergreen.datasets.matching import match, tidy
from evergreen.errors import BadDataset
from evergreen.images.junk import junk_reason
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Repair


@dataclass(frozen=True)
class Repaired:
    """What repair found.

    Attributes:
        dataset: one row an image: path, label, sha256, bytes, subset; sorted by path. The path is ``label/file name``,
            below its subset if there is one, so a folder renamed to the same class changes nothing; where two files
            would get the same, their whole path stands below the label. The subset is train, validation, test,
            unlabelled (its label is empty) or empty.
        origins: one row an image: path, origin (its name in the source).
        renames: one row a folder: folder, subset, label, what, why, count; what is class, renamed, merged, copy,
            left out or unlabelled.
        dropped: one row a reason: reason, count.
        notes: one row a harmless finding: note, a sentence.
        classes: class names in the order that every later step and export keeps.
    """

    dataset: pd.DataFrame
    origins: pd.DataFrame
    renames: pd.DataFrame
    dropped: pd.DataFrame
    notes: pd.DataFrame
    classes: list[str]


def repair(files: pd.DataFrame, settings: Repair) -> Repaired:
    """Give every image the label of the folder that names its class, and the subset of the folder that names that.

    Args:
        files: one row a file: path (POSIX, as in the archive), sha256, bytes, and archive if there are several.
        settings: declared classes, explicit renames, explicit subsets.

    Raises:
        BadDataset: no image in any folder; a folder that is none of the classes, or could be several.
    """
    import pandas as pd

    files = files.sort_values(["path", "sha256"], kind="stable", ignore_index=True)
    reasons = files["path"].map(_junk_reason)
    reasons[files.duplicated() & (reasons == "")] = "listed twice with the same content"
    kept = files[reasons == ""]
    kept = kept.assign(folder=kept["path"].map(lambda path: str(PurePosixPath(path).parent)))
    renames, classes = _name_folders(kept["folder"].value_counts().to_dict(), settings)
    copies = _repeated_folders(kept, renames)
    why = "same files as another folder of this class: counted once"
    renames.loc[renames["folder"].isin(copies), ["what", "why"]] = "copy", why
    table = kept[~kept["folder"].isin(copies)].merge(renames[["folder", "label", "subset"]], on="folder")
    if not (table["subset"] != UNLABELLED).any():
        raise BadDataset(f"expected images in class folders, received {len(files)} files and no image in a folder")
    table = _canonical(table)
    dropped = reasons[reasons != ""].value_counts().sort_index()
    return Repaired(
        dataset=table[["path", "label", "sha256", "bytes", "subset"]],
        origins=table[["path", "origin"]],
        renames=renames,
        dropped=pd.DataFrame({"reason": dropped.index, "count": dropped.to_numpy()}),
        notes=pd.DataFrame(columns=["note"]),
        classes=classes,
    )


def _junk_reason(path: str) -> str:
    """Return why a file is no image of a class, or an empty string."""
    return junk_reason(path) or ("" if len(PurePosixPath(path).parts) > 1 else "outside any folder")


def _name_folders(counts: dict[str, int], settings: Repair) -> tuple[pd.DataFrame, list[str]]:
    """Return the table that says what every folder means and why, and the classes in order."""
    import pandas as pd

    folders = sorted(counts)
    subsets = subset_folders(folders, settings.subsets, settings.classes)
    above = subsets_inside_classes(folders, subsets)
    raw = {folder: class_folder(folder, subsets, above) for folder in folders}
    side = {folder: subset_of(folder, subsets) for folder in folders}
    classes = list(settings.classes) or _classes_found(raw, side, counts, settings)
    rows = []
    for folder in folders:
        label, subset, why = _meaning(raw[folder], side[folder], folder, side, classes, settings)
        what = "unlabelled" if subset == UNLABELLED else "class" if label == raw[folder] else "renamed"
        rows.append((folder, subset, label, what, why, int(counts[folder])))
    table = pd.DataFrame(rows, columns=["folder", "subset", "label", "what", "why", "count"])
    together = table.assign(raw=table["folder"].map(raw)).groupby(["subset", "label"])["raw"].transform("nunique") > 1
    table.loc[together & (table["what"] == "renamed"), "what"] = "merged"
    return table, classes


def _classes_found(
    raw: dict[str, str | None], side: dict[str, Subset], counts: dict[str, int], settings: Repair
) -> list[str]:
    """Return the classes that the folders of the largest subset name; others' folders are held against them."""
    sizes: dict[str, int] = {}
    for folder, subset in side.items():
        if raw[folder] and subset != UNLABELLED:
            sizes[subset] = sizes.get(subset, 0) + counts[folder]
    largest = max(sizes, key=lambda subset: (sizes[subset], subset), default="")
    found: dict[str, str] = {}
    for folder, name in raw.items():
        if name and side[folder] == largest:
            label = _renamed(name, settings) or tidy(name)
            found.setdefault(label.casefold(), label)
    return sorted(found.values())


def _renamed(name: str, settings: Repair) -> str | None:
    return next((to for raw, to in settings.rename.items() if raw == name or tidy(raw) == tidy(name)), None)


def _meaning(
    raw: str | None, subset: Subset, folder: str, side: dict[str, Subset], classes: list[str], settings: Repair
) -> tuple[str, str, str]:
    """Return (label, subset, why) of one folder.

    Raises:
        BadDataset: its name is none of the classes, or could be several.
    """
    if raw is None:
        return "", UNLABELLED, "no class folder: unlabelled"
    if subset == UNLABELLED:
        return "", UNLABELLED, "unlabelled"
    if found := match(raw, classes, settings.rename):
        return found[0], subset, found[1]
    if subset == "test" and sum(other == "test" for other in side.values()) == 1:
        return "", UNLABELLED, "the one folder of test, and no class: unlabelled"
    raise BadDataset(
        f"the folder {folder!r} is none of {', '.join(classes)}; say which with repair.rename: {{{raw!r}: CLASS}}, "
        f"or, if its images have no label, repair.subsets: {{{raw!r}: unlabelled}}"
    )


def _repeated_folders(kept: pd.DataFrame, renames: pd.DataFrame) -> set[str]:
    """Return folders that hold exactly the same files as a shallower folder of the same class and subset."""
    names = kept["path"].map(lambda path: PurePosixPath(path).name)
    content = {
        folder: tuple(sorted(zip(names[rows.index], rows["sha256"], strict=True)))
        for folder, rows in kept.groupby("folder")
    }
    seen: set[tuple[str, str, tuple[tuple[str, str], ...]]] = set()
    copies = set()
    order = sorted(renames.itertuples(), key=lambda row: (len(PurePosixPath(row.folder).parts), row.folder))
    for row in order:
        key = row.label, row.subset, content[row.folder]
        if key in seen:
            copies.add(row.folder)
        seen.add(key)
    return copies


def _canonical(table: pd.DataFrame) -> pd.DataFrame:
    """Name every image after its subset, label and file, keep its name in the source as ``origin``, and sort."""
    table = table.sort_values(["path", "sha256"], kind="stable", ignore_index=True).assign(
        origin=lambda rows: rows["path"]
    )
    below = (table["subset"] + "/" + table["label"]).str.strip("/")
    table["path"] = below + "/" + table["origin"].map(lambda origin: PurePosixPath(origin).name)
    twice = table["path"].duplicated(keep=False)
    table.loc[twice, "path"] = below + "/" + table["origin"]
    # Still the same: one name twice in an archive, or in two archives. Numbered, by content, so that no order counts.
    numbers = table.groupby("path").cumcount()
    for index, number in numbers[numbers > 0].items():
        path = PurePosixPath(table.at[index, "path"])
        table.at[index, "path"] = str(path.with_stem(f"{path.stem} ({number + 1})"))
    return table.sort_values(["path", "sha256"], ignore_index=True)
