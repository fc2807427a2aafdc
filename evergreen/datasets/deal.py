"""Deal images into folds, for cross-validation: every image is judged once, by a network that did not see it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.splitting.units import groups_by_path, units_of
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

# Of what is not judged in a fold, where the recipe's split has no share of its own.
_VALIDATION = 0.1
_KEPT = ("path", "label", "sha256", "width", "height", "pixels", "phash")
_UNEVEN = 1.5
_REMEDY = "add images of it, leave it out (repair.leave_out), or choose another number of folds (evaluate.folds)"


@dataclass(frozen=True)
class Dealt:
    """The folds.

    Attributes:
        dataset: path, label, sha256, width, height, pixels, phash, ``fold`` (from 1; where an image is judged) and
            ``side`` (train or validation; where it is in every other fold); sorted by path.
        notes: what people should know, one sentence each.
    """

    dataset: pd.DataFrame
    notes: list[str]


def deal(dataset: pd.DataFrame, groups: pd.DataFrame, folds: int, validation: float, bits: int) -> Dealt:
    """Deal all images into folds, independent of the order of the rows.

    What belongs together stays together: equal pixels, near-duplicates and groups of folders are one unit. A unit
    draws its fold, and whether it is for validation where it is not judged, by a digest of its name alone. Its name is
    that of its group of folders (the first, if it has several), or its smallest pixel digest. So no image moves when
    others come or go, but for one that they join to a unit with another name: the draw of every other stays. (Of very
    few images more validate than their draws say, or fewer, so that each fold has some and each class is learned.)

    A rule that never moves an image cannot look at the others, so none makes classes even to the image: each is spread
    as by lot. Of n units of a class a fold gets n/folds, give or take sqrt(n (1/folds) (1 - 1/folds)) (binomial): of
    100 in 5 folds 20, give or take 4. That suffices for pooled numbers, in which every image counts once.

    Args:
        dataset: at least path, label, sha256, width, height, pixels, phash.
        groups: path and group of the images whose folders stay together; empty if folders do not.
        folds: 2 or more.
        validation: share, 0 to 1, of what is not judged that tells epochs apart; 0 takes a tenth.
        bits: how far apart perceptual hashes of near-duplicates are; 0 joins none.

    Raises:
        BadDataset: all units of a class are in one fold, or a fold has nothing to judge or to validate on.
    """
    table = dataset.sort_values("path", ignore_index=True)
    table["group"] = groups_by_path(table, groups)
    unit = units_of(table, bits)
    name = table["pixels"].where(table["group"] == "", "group " + table["group"])
    # Of several names of one unit a group's comes first: pictures come to it more often than it is called otherwise.
    first = (table["group"].eq("").map({False: "0 ", True: "1 "}) + name).groupby(unit).transform("min").str[2:]
    fold = first.map({one: 1 + int(folds * draw("fold", one)) for one in first.unique()})
    dealt = table[list(_KEPT)].assign(fold=fold, side="train")
    _refuse_unjudged(dealt, folds)
    _refuse_unlearned(dealt, unit)
    draws = first.map({one: draw("validation", one) for one in first.unique()})
    share = validation or _VALIDATION
    # Each fold needs some, else the networks of small datasets could not tell their epochs apart.
    least = max(draws[fold != number].min() for number in range(1, folds + 1))
    dealt.loc[(draws < share) | (draws <= least), "side"] = "validation"
    notes = [*_few(least, share), *_all_trained(dealt, unit), *_missing(dealt, folds), *_uneven(dealt, unit, folds)]
    _refuse_unvalidated(dealt, folds)
    return Dealt(dealt, notes)


def sides(dealt: pd.DataFrame, number: int) -> pd.Series:
    """Return train, validation or test of every image in one fold.

    Args:
        dealt: ``fold`` and ``side``.
        number: of the fold, from 1.
    """
    return dealt["side"].where(dealt["fold"].astype(int) != number, "test")


def draw(what: str, name: str) -> float:
    """Return what a name draws, 0 to 1: the same for ever, and another for each purpose."""
    return int.from_bytes(hashlib.sha256(f"evergreen {what} 1 {name}".encode()).digest()[:8]) / 2**64


def _refuse_unlearned(dealt: pd.DataFrame, unit: np.ndarray) -> None:
    """Refuse a class of which no fold's training would have an image while all of it is judged."""
    spread = dealt.groupby("label")["fold"].nunique()
    if alone := sorted(spread.index[spread == 1]):
        units = dealt.assign(unit=unit).groupby("label")["unit"].nunique()
        found = ", ".join(f"{label} has {units[label]}" for label in alone)
        raise BadDataset(
            f"folds: every class needs distinct images in at least two folds (near-duplicates and groups of folders "
            f"count as one, each drawn by its digest); {found}, in one fold: {_REMEDY}"
        )


def _all_trained(dealt: pd.DataFrame, unit: np.ndarray) -> list[str]:
    """Let nothing of a class validate that some fold would else have no training image of; return what to say."""
    learned = dealt[dealt["side"] == "train"].groupby("label")["fold"].nunique()
    kept = dealt["label"].map(learned).fillna(0)
    # With training images in two folds, each fold has those of the other.
    short = dealt.loc[kept < 2, "label"].unique()
    if not len(short):
        return []
    dealt.loc[np.isin(unit, unit[dealt["label"].isin(short)]), "side"] = "train"
    return [f"folds: {', '.join(sorted(short))}: too few distinct images for validation too, so all of them train"]


def _missing(dealt: pd.DataFrame, folds: int) -> list[str]:
    """Say which classes are not judged in every fold."""
    spread = dealt.groupby("label")["fold"].nunique()
    few = spread[spread < folds]
    found = ", ".join(f"{label} ({count})" for label, count in few.items())
    return [f"folds: not in every one of {folds} folds is an image of: {found}"] if len(few) else []


def _uneven(dealt: pd.DataFrame, unit: np.ndarray, folds: int) -> list[str]:
    """Say which fold is far larger than others because what stays together is."""
    sizes = dealt["fold"].value_counts()
    if sizes.max() <= _UNEVEN * len(dealt) / folds:
        return []
    largest = int(sizes.idxmax())
    whole = int(np.bincount(unit[dealt["fold"] == largest]).max())
    return [
        f"folds: fold {largest} judges {sizes.max():,} of {len(dealt):,} images; {whole:,} of them stay together "
        "(equal pixels, near-duplicates, a group of folders): screen.near_duplicate_bits and split.group say what does"
    ]


def _few(least: float, share: float) -> list[str]:
    """Say that more are for validation than the recipe says."""
    return [f"folds: too few images for split.validation: {share:g}; more validate, for each fold needs some"] * (
        least >= share
    )


def _refuse_unjudged(dealt: pd.DataFrame, folds: int) -> None:
    """Refuse folds of which one has nothing to judge."""
    if missing := sorted(set(range(1, folds + 1)) - set(dealt["fold"])):
        raise BadDataset(
            f"fold {missing[0]} of {folds}: expected images to judge, found none among {len(dealt):,} (near-duplicates "
            "and groups of folders count as one, each drawn by its digest): choose fewer folds (evaluate.folds), or "
            "add images"
        )


def _refuse_unvalidated(dealt: pd.DataFrame, folds: int) -> None:
    """Refuse folds of which one has nothing to tell epochs apart by, once each class is learned."""
    for number in range(1, folds + 1):
        if not (sides(dealt, number) == "validation").any():
            raise BadDataset(
                f"fold {number} of {folds}: expected images for validation, found none among {len(dealt):,} once each "
                "class has training images: add images, or choose another number of folds (evaluate.folds)"
            )
