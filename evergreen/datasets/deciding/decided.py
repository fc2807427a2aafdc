"""What people decided about single images, held against a dataset: labels, what is left out, what is asked again."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergreen.datasets.deciding.undecided import is_open
from evergreen.datasets.labelling.names import key
from evergreen.datasets.labelling.words import some
from evergreen.decisions.decision import KEEP, LEAVE_OUT, RELABEL, Decision
from evergreen.errors import BadDataset
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

LEFT_OUT = "a person left it out: the recipe's file of decisions"
# What became of a decision.
APPLIED, ALREADY, ASKED_AGAIN, GONE = "applied", "says so already", "another label since", "no such image"
_SHOWN = 12


@dataclass(frozen=True)
class Decided:
    """A dataset as people decided.

    Attributes:
        table: its rows, those that are left out gone, with the labels that were decided.
        dropped: of each row that is left out, why.
        decisions: one row a decision: sha256, decision, label (of relabel), before (the labels that the image had here,
            joined by " + "), count (rows), state; sorted by digest. None if nothing is decided.
        notes: what is to be said of it, a sentence each.
    """

    table: pd.DataFrame
    dropped: pd.Series
    decisions: pd.DataFrame | None
    notes: list[str]


def decide(
    table: pd.DataFrame, classes: Sequence[str], made: Mapping[str, Decision], rename: Mapping[str, str]
) -> Decided:
    """Apply decisions to the images that they are about.

    An image whose bytes lie under several names, or in several classes, is one: all of its rows get the label. One that
    had no label stands in no subset once it has one, so that it is dealt like the others.

    Args:
        table: one row a file: path, sha256, label, subset.
        classes: that an image can be of.
        made: SHA-256 -> decision.
        rename: ``repair.rename``, of a class that was called otherwise when it was decided.

    Raises:
        BadDataset: images that are here are to be of classes that are not.
    """
    import pandas as pd

    if not made:
        return Decided(table, pd.Series(dtype=str), None, [])
    here = table[table["sha256"].isin(made.keys())]
    labels = {digest: sorted(set(found)) for digest, found in here.groupby("sha256")["label"]}
    rows = here["sha256"].value_counts()
    meant = _meant(classes, {digest: made[digest] for digest in labels}, rename)
    relabelled = {digest: meant[made[digest].label] for digest in labels if made[digest].what == RELABEL}
    states = {digest: _state(one, labels.get(digest), meant) for digest, one in made.items()}
    told = pd.DataFrame(
        [
            (digest, one.what, one.label, " + ".join(labels.get(digest, [])), int(rows.get(digest, 0)), states[digest])
            for digest, one in sorted(made.items())
        ],
        columns=["sha256", "decision", "label", "before", "count", "state"],
    )
    away = here.index[here["sha256"].map(lambda digest: made[digest].what == LEAVE_OUT).astype(bool)]
    changed = table.copy()
    to = table["sha256"].map(relabelled)
    changed.loc[to.notna(), "label"] = to[to.notna()]
    changed.loc[to.notna() & (table["subset"] == UNLABELLED), "subset"] = ""
    kept = changed.drop(away)
    notes = [_summary(told), *_asked_again(here, labels, states, made), *_emptied(table, kept)]
    return Decided(kept, pd.Series(LEFT_OUT, away, dtype=object), told, notes)


def _meant(classes: Sequence[str], decisions: Mapping[str, Decision], rename: Mapping[str, str]) -> dict[str, str]:
    """Return {class as it was decided: class as it is called now}.

    Raises:
        BadDataset: some are called like no class.
    """
    wanted: dict[str, list[str]] = {}
    for digest, one in decisions.items():
        if one.what == RELABEL:
            wanted.setdefault(one.label, []).append(digest)
    alike: dict[str, list[str]] = {}
    for name in classes:
        alike.setdefault(key(name), []).append(name)
    meant, strange = {}, []
    for label in sorted(wanted):
        name = label if label in classes else rename.get(label, label)
        same = alike.get(key(name), [])
        if name in classes or len(same) == 1:
            meant[label] = name if name in classes else same[0]
        else:
            strange.append(label)
    if strange:
        lines = [f"\n  {label!r} of {_digests(wanted[label])}{_near(label, classes)}" for label in strange]
        raise BadDataset(
            f"the recipe's file of decisions: expected one of the classes {some(classes, _SHOWN)}; received"
            f"{''.join(lines)}\nChange or take out these lines (docs/labels-file.md), or say which class a former name "
            "means: repair.rename: {FORMER: CLASS}"
        )
    return meant


def _near(label: str, classes: Sequence[str]) -> str:
    near = difflib.get_close_matches(label, classes, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _digests(digests: Sequence[str]) -> str:
    """Return the image whose line is to be looked for, and how many more there are."""
    more = f" and {len(digests) - 1:,} more" if len(digests) > 1 else ""
    return f"the image {digests[0][:12]}...{more}"


def _state(decision: Decision, labels: Sequence[str] | None, meant: Mapping[str, str]) -> str:
    """Return what became of a decision about an image that has these labels here; None if it is not here."""
    if labels is None:
        return GONE
    if decision.what == KEEP:
        return ASKED_AGAIN if is_open(decision, *labels) else APPLIED
    return ALREADY if decision.what == RELABEL and labels == [meant[decision.label]] else APPLIED


def _summary(told: pd.DataFrame) -> str:
    """Return how many decisions there are, and how many still apply."""
    states = Counter(told["state"])
    applied = Counter(told.loc[told["state"] == APPLIED, "decision"])
    words = {RELABEL: "relabelled", LEAVE_OUT: "left out", KEEP: "kept"}
    done = ", ".join(f"{applied[what]:,} {word}" for what, word in words.items() if applied[what])
    parts = [f"{states[APPLIED]:,} of them apply here{f' ({done})' if done else ''}"]
    if states[ALREADY]:
        parts.append(f"{states[ALREADY]:,} say{'s' * (states[ALREADY] == 1)} what the folders say already")
    if states[GONE]:
        parts.append(
            f"{states[GONE]:,} {'is about an image that is' if states[GONE] == 1 else 'are about images that are'} "
            "not here"
        )
    if states[ASKED_AGAIN]:
        parts.append(f"{states[ASKED_AGAIN]:,} no longer settle{'s' * (states[ASKED_AGAIN] == 1)} anything")
    return f"{len(told):,} decision{'s' * (len(told) != 1)} about single images: {'; '.join(parts)}"


def _asked_again(
    here: pd.DataFrame, labels: Mapping[str, list[str]], states: Mapping[str, str], made: Mapping[str, Decision]
) -> Iterator[str]:
    """Yield a sentence about labels that were kept, and are others now, or two at once."""
    again = [digest for digest in labels if states[digest] == ASKED_AGAIN]
    if again:
        paths = here.drop_duplicates("sha256").set_index("sha256")["path"]
        shown = some(
            f"{paths[digest]} (kept{_as(made[digest].was)}, now {' + '.join(labels[digest]) or 'without a label'})"
            for digest in again
        )
        yield f"labels that somebody kept, and that are no longer the only ones, are to be asked about again: {shown}"


def _as(was: str | None) -> str:
    return "" if was is None else f" as {was}" if was else " without a label"


def _emptied(before: pd.DataFrame, after: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence about each class of which nothing is left."""
    for name in sorted({*before["label"]} - {*after["label"]} - {""}):
        yield f"the decisions leave no image of the class {name!r}"
