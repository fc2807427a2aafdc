"""What people should know of a split: which groups of folders lie on several sides, which shares were missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.splitting.units import kinds_of

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.split import Split

_SIDES = ("train", "validation", "test")
_SHOWN = 3
# A share that is missed by more than this part of itself is said.
_MISSED = 0.2


def group_sides(used: pd.DataFrame) -> pd.DataFrame:
    """Return how many images of every group are on which side: group, split, count; sorted.

    Args:
        used: at least group (empty: none) and split.
    """
    grouped = used[used["group"] != ""]
    return grouped.groupby(["group", "split"]).size().reset_index(name="count")


def notes_on(
    labelled: pd.DataFrame,
    unit: np.ndarray | None,
    used: pd.DataFrame,
    shares: Mapping[str, float],
    settings: Split,
) -> list[str]:
    """Return sentences about a split, the most important first; none if there is nothing to say.

    Args:
        labelled: every labelled image: group (empty: none).
        unit: (N,) int64, the number of what each of them stays together with; None if nothing joins groups.
        used: those that are used, with split and subset too.
        shares: side -> its share, of those that are wanted; train first.
        settings: of the split.
    """
    sides = group_sides(used)
    kinds = kinds_of(settings)
    if "folder" in kinds and sides.empty:
        return ["split.group holds folder, but no image lies in a folder inside its class: there are no groups to keep"]
    crossing = sides.groupby("group")["split"].agg(list)
    crossing = crossing[crossing.map(len) > 1]
    if "folder" not in kinds:
        return list(_not_kept(sides["group"].nunique(), len(crossing), kinds))
    return [*_given_apart(crossing), *_joined(labelled, unit), *_missed(used, shares, settings)]


def _not_kept(groups: int, crossing: int, kinds: frozenset[str]) -> Iterator[str]:
    if not groups:
        return
    line = f"split.group: [{', '.join(['folder', *sorted(kinds)])}]"
    images = f"images lie in {groups:,} group{'s' * (groups != 1)} of folders (sessions, cameras, persons?)"
    if crossing:
        yield f"{images}, and {crossing:,} of them on several sides, which may flatter a model; one side each: {line}"
    else:
        yield f"{images}, none of them on several sides so far; to keep it so: {line}"


def _given_apart(crossing: pd.Series) -> Iterator[str]:
    """Groups that are kept together, and lie on several sides all the same: their folders say so."""
    if len(crossing):
        shown = [f"{name} in {' and '.join(_in_order(sides))}" for name, sides in crossing.head(_SHOWN).items()]
        more = f" and {len(crossing) - _SHOWN} more" if len(crossing) > _SHOWN else ""
        yield (
            f"{len(crossing):,} group{'s lie' if len(crossing) > 1 else ' lies'} in several of the given subsets "
            f"({'; '.join(shown)}{more}): that is leakage, and nothing was moved; split.method: exact divides anew"
        )


def _in_order(sides: list[str]) -> list[str]:
    return [side for side in _SIDES if side in sides]


def _joined(labelled: pd.DataFrame, unit: np.ndarray | None) -> Iterator[str]:
    """Groups that are one because they share pictures."""
    if unit is None:
        return
    named = labelled.assign(unit=unit)[labelled["group"] != ""]
    table = named.groupby("unit")["group"].agg(lambda names: sorted(set(names)))
    table = table[table.map(len) > 1]
    if len(table):
        shown = ", ".join(table.iloc[0][:_SHOWN]) + (", ..." if len(table.iloc[0]) > _SHOWN else "")
        yield (
            f"{int(table.map(len).sum()):,} groups share pictures (equal pixels, or near-duplicates if those are kept "
            f"together) and stay together as {len(table):,}: {shown}"
        )


def _missed(used: pd.DataFrame, shares: Mapping[str, float], settings: Split) -> Iterator[str]:
    """Sides whose share is far from the one that was asked for."""
    given = set(used["subset"].replace("", "train")) if settings.method == "predefined" else {"train"}
    cut = {name: share for name, share in shares.items() if name != "train" and name not in given}
    base = np.count_nonzero(used["split"].isin(["train", *cut]))
    counts = used["split"].value_counts()
    off = {name: counts.get(name, 0) / base for name, share in cut.items()}
    missed = [
        f"{name} has {off[name]:.1%} of the images instead of {share:.1%}"
        for name, share in cut.items()
        if abs(off[name] - share) > _MISSED * share
    ]
    if missed:
        yield f"groups stay whole, so {' and '.join(missed)}"
