"""From files to labels: drops what is no image, and gives every image the class of its folder, name or table row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evergreen.datasets.deciding.decided import Decided, decide
from evergreen.datasets.joining.classes import joined_classes
from evergreen.datasets.joining.images import SAME_BYTES, repeated
from evergreen.datasets.labelling.doubt import Doubt, Reading, question
from evergreen.datasets.labelling.names import same_spelling
from evergreen.datasets.labelling.reading import OUTSIDE, Folder
from evergreen.datasets.labelling.table import holds_table
from evergreen.datasets.labelling.tree import Tree
from evergreen.datasets.labelling.words import some
from evergreen.datasets.one_source import Labelled, changed, label_source
from evergreen.decisions.decision import NOTHING_DECIDED
from evergreen.errors import BadDataset
from evergreen.images.formats import IMAGE
from evergreen.tables import ReadBlob

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.decisions.decision import Decisions
    from evergreen.sections.labels import Labels, Repair


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
        sources: one row an image: path, source (what it is called); None of a source that is alone. Then ``renames``
            has a column ``source``, too.
        decisions: what became of each decision, as ``decided.Decided`` has it; None if nothing is decided.
    """

    dataset: pd.DataFrame
    origins: pd.DataFrame
    renames: pd.DataFrame
    dropped: pd.DataFrame
    groups: pd.DataFrame
    notes: pd.DataFrame
    classes: list[str]
    sources: pd.DataFrame | None = None
    decisions: pd.DataFrame | None = None

    def told_before(self, left_out: pd.DataFrame, notes: pd.DataFrame) -> Repaired:
        """Return the same with what was left out, and said, when the files came in: reason, count; note."""
        import pandas as pd

        dropped = pd.concat([self.dropped, left_out]).groupby("reason", as_index=False)["count"].sum()
        return replace(self, dropped=dropped, notes=pd.concat([notes, self.notes], ignore_index=True))


def repair(
    files: pd.DataFrame, settings: Repair, labels: Labels, read: ReadBlob, decisions: Decisions = NOTHING_DECIDED
) -> Repaired:
    """Give every image its class, and its subset.

    Each of several sources is read by itself, as if it were alone; then equal names are one class, and equal bytes one
    image: docs/decisions/0016-several-sources.md.

    Args:
        files: one row a file: path (POSIX, as in the archive), sha256, bytes, archive, kind, as ``kind_of`` says, and
            source where there are several.
        settings: declared classes, the level, renames, what is left out, subsets.
        labels: a pattern of file names, or a table, where the folders do not say it.
        read: gives the bytes of a table.
        decisions: what people decided about single images; it is done once every image has its class.

    Raises:
        BadDataset: no image in any folder, or something that can be read in several ways: the message shows them. Or
            an image is to be of a class that is not there.
    """
    if "source" in files:
        try:
            return _joined(files, settings, labels, read, decisions)
        except _Asked as asked:
            raise _question(asked, files, settings, labels, read) from None
    found = label_source(files, settings, labels, read)
    if found.nothing:
        raise BadDataset(found.nothing)
    decided = decide(found.table, found.found.classes, decisions.made, settings.rename)
    return _repaired(decided, _renames(found.found.folders), found.dropped, found.notes, found.found.classes)


def _repaired(
    decided: Decided, renames: pd.DataFrame, dropped: pd.Series, notes: list[str], classes: list[str]
) -> Repaired:
    import pandas as pd

    table = _canonical(decided.table)
    counts = pd.concat([dropped, decided.dropped]).value_counts().sort_index()
    return Repaired(
        dataset=table[["path", "label", "sha256", "bytes", "subset"]],
        origins=table[["path", "origin"]],
        renames=renames,
        dropped=pd.DataFrame({"reason": counts.index, "count": counts.to_numpy()}),
        groups=table.loc[table["group"] != "", ["path", "group"]].reset_index(drop=True),
        notes=pd.DataFrame({"note": [*decided.notes, *notes]}, dtype=str),
        classes=classes,
        sources=table[["path", "source"]] if "source" in table else None,
        decisions=decided.decisions,
    )


@dataclass
class _Asked(Exception):
    """The classes of several sources can be joined in several ways.

    Attributes:
        doubt: what, and how.
        counts: source -> class -> images.
    """

    doubt: Doubt
    counts: Mapping[str, Mapping[str, int]]


def _joined(
    files: pd.DataFrame, settings: Repair, labels: Labels, read: ReadBlob, decisions: Decisions = NOTHING_DECIDED
) -> Repaired:
    """Read each source by itself, and make one dataset of them.

    Raises:
        BadDataset: of a source, which is named; or no source has what ``labels`` names.
        _Asked: two sources' names may be one class.
    """
    import pandas as pd

    names = sorted(files["source"].unique())
    if labels.table and not holds_table(files["path"], labels.table):
        raise BadDataset(
            f"labels.table: expected a file {labels.table!r} in one of the sources, found none in {some(names)}"
        )
    found: dict[str, Labelled] = {}
    for name in names:
        part = files[files["source"] == name].drop(columns="source")
        try:
            found[name] = label_source(part, settings, labels, read, among=True)
        except BadDataset as error:
            raise BadDataset(f"of several sources, {name}: {error}") from None
        if found[name].nothing and found[name].maybe_images and found[name].table.empty:
            raise BadDataset(f"of several sources, {name}: {found[name].nothing}")
    if all(one.nothing for one in found.values()):
        raise BadDataset("; ".join(f"{name}: {one.nothing}" for name, one in found.items()) or "no source holds a file")
    counts = {name: _counts(one.table) for name, one in found.items() if not one.nothing}
    try:
        meant, classes, notes = joined_classes(counts, settings)
    except Doubt as doubt:
        raise _Asked(doubt, counts) from None
    tables = [one.table.assign(source=name) for name, one in found.items()]
    table = pd.concat(tables, ignore_index=True)
    table["label"] = table["label"].map(lambda label: meant.get(label, label))
    decided = decide(table, classes, decisions.made, settings.rename)
    table = decided.table
    again = repeated(table, "sha256")
    renames = [
        _renames(_as_joined(row, meant) for row in one.found.folders).assign(source=name) for name, one in found.items()
    ]
    dropped = pd.concat([*(one.dropped for one in found.values()), pd.Series(SAME_BYTES, table.index[again])])
    notes = [*_notes(found, table, again), *notes]
    decided = replace(decided, table=table[~again])
    return _repaired(decided, pd.concat(renames, ignore_index=True), dropped, notes, classes)


def _counts(table: pd.DataFrame) -> dict[str, int]:
    """Return class -> images, labelled ones."""
    return {str(name): int(count) for name, count in table.loc[table["label"] != "", "label"].value_counts().items()}


def _as_joined(row: Folder, meant: Mapping[str, str]) -> Folder:
    """Return what a folder means once its class is spelled as in all sources."""
    label = meant.get(row.label, row.label)
    if label == row.label:
        return row
    what = "renamed" if row.what == "class" else row.what
    return replace(row, label=label, what=what, why=f"{same_spelling(row.label, label)}, as in another source")


def _notes(found: Mapping[str, Labelled], table: pd.DataFrame, again: pd.Series) -> Iterable[str]:
    """Yield what is to be said of each source, and of the images that several hold."""
    # What a recipe names need not be in every source.
    unused = [set(one.found.unused) for one in found.values()]
    everywhere = set.intersection(*unused)
    yield from sorted(everywhere)
    for name, one in found.items():
        rows = table[table["source"] == name]
        labelled = rows[rows["label"] != ""]
        held = f"{len(labelled):,} files in {labelled['label'].nunique():,} classes" if len(labelled) else "no class"
        more = f", {len(rows) - len(labelled):,} without a label" if len(rows) > len(labelled) else ""
        both = int(again[rows.index].sum())
        elsewhere = f"; {both:,} of them are in another source, too, and counted there" if both else ""
        yield f"{name}: {held}{more}{elsewhere}"
        yield from (f"{name}: {note}" for note in one.notes if note not in set(one.found.unused))
    groups = table[(table["group"] != "") & ~again].groupby("group")["source"].nunique()
    shared = [str(group) for group in groups.index[groups > 1]]
    if shared:
        yield (
            f"{len(shared):,} groups of folders have one name in several sources, such as {shared[0]!r}: where "
            "split.group holds folder, they are one group"
        )


def _question(asked: _Asked, files: pd.DataFrame, settings: Repair, labels: Labels, read: ReadBlob) -> BadDataset:
    """Return the doubt about several sources' classes as a question, each of its readings tried."""

    def tried(reading: Reading) -> dict[str, int] | str | None:
        try:
            found = _joined(files, changed(settings, reading), labels, read)
        except _Asked:
            return "asks further, in the same way"
        except (BadDataset, ValidationError):  # no way to read it
            return None
        images = found.dataset[found.dataset["sha256"].isin(files.loc[files["kind"] == IMAGE, "sha256"])]
        counts = Counter(images["label"])
        return {name: counts[name] for name in found.classes}

    tree = Tree({(name, label): count for name, labels in asked.counts.items() for label, count in labels.items()})
    return question(asked.doubt, tree.drawn(), tried)


def _renames(found: Iterable[Folder]) -> pd.DataFrame:
    import pandas as pd

    folders = [row for row in found if row.what != OUTSIDE]
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
