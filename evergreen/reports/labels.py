"""Which classes a run has, and what became of folders and files on the way to them: said alike wherever it is said.

``run.json`` holds it as ``classes`` and ``labels``; the terminal, the dashboard and the pages show the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

SIDES = ("train", "validation", "test")
IMAGES = "images"  # the one count of a class while nothing is split
# What the table of renames calls a folder -> under which name such folders are listed.
CHANGES = {
    "renamed": "renamed",
    "merged": "merged",
    "copy": "copies",
    "left out": "left out",
    "unlabelled": "unlabelled",
}
AS_IT_IS = "class"  # and a folder that is simply the class that it names
_SUBSETS = (*SIDES, "unlabelled")
_MOST_REASONS = 20
_OTHER = "other reasons"


def labels_of(
    renames: Iterable[Mapping[str, Any]], dropped: Iterable[Mapping[str, Any]], notes: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what became of folders and files, as ``run.json`` says it.

    Args:
        renames: one row a folder: folder, subset, label, what, why, count; source where there are several.
        dropped: one row a reason: reason, count.
        notes: one row a harmless finding: note.

    Returns:
        ``unchanged``: how many ``folders`` are the class that they name, and their ``files``; for each kind of change
        the folders: folder, label, why, count; ``subsets``: subset -> folders, files, and the folder that all lie
        ``below``; ``dropped``: reason -> count; ``notes``: sentences.
    """
    rows = [dict(row) | {"count": int(row["count"])} for row in renames]
    named = [row for row in rows if row["what"] == AS_IT_IS]
    changes: dict[str, list[dict[str, Any]]] = {name: [] for name in CHANGES.values()}
    for row in rows:
        if row["what"] != AS_IT_IS:
            told: dict[str, Any] = {
                name: row[name] for name in ("source", "folder", "label", "why", "count") if name in row
            }
            changes.setdefault(CHANGES.get(row["what"], row["what"]), []).append(told)
    return {
        "unchanged": {"folders": len(named), "files": sum(row["count"] for row in named)},
        **changes,
        "subsets": {name: _subset(found) for name in _SUBSETS if (found := _of_subset(rows, name))},
        "dropped": {row["reason"]: int(row["count"]) for row in dropped},
        "notes": [row["note"] for row in notes],
    }


def changes_of(labels: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return {kind of change: its folders}, without the kinds of which there are none."""
    kinds = [name for name, value in labels.items() if isinstance(value, list) and name != "notes"]
    return {name: labels[name] for name in kinds if labels[name]}


def by_reason(reasons: Iterable[str]) -> dict[str, int]:
    """Return how many files each reason is given for, the commonest first, and how many the rare ones are together."""
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    order = sorted(counts, key=lambda reason: (-counts[reason], reason))
    if len(order) <= _MOST_REASONS:
        return {reason: counts[reason] for reason in order}
    first = {reason: counts[reason] for reason in order[:_MOST_REASONS]}
    return first | {_OTHER: sum(counts.values()) - sum(first.values())}


def columns_of(classes: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return what images of a class are counted by: the sides that have any, or ``images`` while nothing is split."""
    return [name for name in (*SIDES, IMAGES) if any(counts.get(name) for counts in classes.values())] or [IMAGES]


def heading(labels: Mapping[str, Any], classes: Mapping[str, Mapping[str, int]]) -> str:
    """Return how many classes there are, in which order, and what was counted."""
    what = "1 class" if len(classes) == 1 else f"{len(classes)} classes, in the order of the model's scores"
    counted = {"split": "images that are used", "screen": "images that can be used", "repair": "files, none opened yet"}
    return f"{what}: {counted[labels['counted']]}"


def cut(classes: Mapping[str, Mapping[str, int]], most: int) -> str:
    """Return, in words, the classes behind the first ``most``; empty if there are none."""
    rest = [sum(counts.values()) for counts in list(classes.values())[most:]]
    if not rest:
        return ""
    most_of_all = f" to {max(rest):,}" if max(rest) > min(rest) else ""
    return f"and {len(rest):,} more classes, of {min(rest):,}{most_of_all} images each"


def sentences(labels: Mapping[str, Any], most: int) -> Iterator[tuple[str, str]]:
    """Yield (kind, text): one line for all folders that are simply their class, one for each that is not, and so on.

    Names and reasons are as they came: whoever shows them escapes them.

    Args:
        labels: as ``run.json`` has them.
        most: folders of each kind, reasons and notes that are shown; the others are counted.
    """
    unchanged = labels["unchanged"]
    if unchanged["folders"]:
        means = "is the class that it names" if unchanged["folders"] == 1 else "are the classes that they name"
        yield "folders", f"{_many(unchanged['folders'], 'folder')} {means}"
    for subset, found in labels["subsets"].items():
        yield "subset", f"{subset}: {_many(found['files'], 'file')} in {_place(found)}"
    for kind, folders in changes_of(labels).items():
        yield from ((kind, change_in_words(row)) for row in folders[:most])
        if rest := folders[most:]:
            yield kind, f"and {_many(len(rest), 'folder')} more, {_many(sum(row['count'] for row in rest), 'file')}"
    for kind in ("dropped", "quarantined"):
        reasons = list(labels.get(kind, {}).items())
        yield from ((kind, f"{_many(count, 'file')}: {reason}") for reason, count in reasons[:most])
        if others := reasons[most:]:
            yield kind, f"and {_many(sum(count for _, count in others), 'file')} for {len(others):,} other reasons"
    notes = labels["notes"]
    yield from (("note", note) for note in notes[:most])
    if len(notes) > most:
        yield "note", f"and {len(notes) - most:,} more"


def change_in_words(row: Mapping[str, Any]) -> str:
    """Return what became of one folder, and why."""
    became = f" -> {row['label']}" if row["label"] else ""
    where = f"{row['source']}: " if "source" in row else ""
    return f"{where}{row['folder']}{became}: {_many(row['count'], 'file')}, {row['why']}"


def class_changes(before: Sequence[str], now: Sequence[str]) -> dict[str, Any] | None:
    """Return how the classes differ from earlier ones: ``new``, ``gone``, ``reordered``; None if they are the same.

    Args:
        before: class names in order, of the champion.
        now: class names in order, of this run.
    """
    if list(before) == list(now):
        return None
    new = [name for name in now if name not in set(before)]
    gone = [name for name in before if name not in set(now)]
    kept = [name for name in before if name in set(now)]
    return {"new": new, "gone": gone, "reordered": kept != [name for name in now if name in set(before)]}


def class_changes_in_words(changes: Mapping[str, Any], release: str, most: int = 10) -> str:
    """Return what other classes than the champion's mean for a run.

    Args:
        changes: as ``class_changes`` gave them.
        release: SHA-256 of the champion's release.
        most: names that are shown of each kind.
    """
    parts = [f"{what}: {_named(changes[what], most)}" for what in ("new", "gone") if changes[what]]
    if changes["reordered"]:
        parts.append("others stand in another order" if parts else "the same ones in another order")
    told = f"other classes than the champion's, release {release[:12]}: {'; '.join(parts)}"
    if changes["new"] or changes["gone"]:
        return (
            f"{told}. The gate will answer 'cannot compare': the champion stays, however good the new model is, until "
            "a person decides (evergreen promote RUN). If the classes should be the same, see how folders became "
            "classes: evergreen inspect RECIPE --dry-run"
        )
    return (
        f"{told}. The gate compares by name; a program that reads scores by position needs the labels.txt of the same "
        "export"
    )


def _subset(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "folders": len(rows),
        "files": sum(row["count"] for row in rows),
        "below": _common([PurePosixPath(row["folder"]).parts for row in rows]),
    }


def _place(found: Mapping[str, Any]) -> str:
    if found["folders"] == 1:
        return str(found["below"])
    return f"{found['folders']:,} folders{' below ' if found['below'] else ''}{found['below']}"


def _of_subset(rows: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [row for row in rows if row["subset"] == name]


def _common(paths: Sequence[tuple[str, ...]]) -> str:
    """Return the folder that all paths lie in or are."""
    low, high = min(paths), max(paths)
    same = next((place for place, pair in enumerate(zip(low, high, strict=False)) if pair[0] != pair[1]), len(low))
    return "/".join(low[:same])


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _named(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
