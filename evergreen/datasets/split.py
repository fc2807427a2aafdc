"""Divide images into train, validation and test; images with equal pixels stay on one side."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from evergreen.datasets.near import groups, hashes_of, pairs
from evergreen.errors import BadDataset
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.data import Split

_LATER_FIRST = {"test": 0, "validation": 1, "train": 2}
_AS_ONE = " (near-duplicates that stay together count as one)"


@dataclass(frozen=True)
class Divided:
    """The sides.

    Attributes:
        dataset: the labelled rows that are used, with ``split``: train, validation or test; sorted by path.
        unlabelled: the rows without a label.
        aside: rows that are used on no side, with ``reason``.
    """

    dataset: pd.DataFrame
    unlabelled: pd.DataFrame
    aside: pd.DataFrame


def split(dataset: pd.DataFrame, classes: list[str], settings: Split, seed: int, bits: int) -> Divided:
    """Divide the images, independent of the order of the rows.

    Args:
        dataset: at least path, label, pixels, phash, subset.
        classes: class names in order; each must have images.
        settings: method and shares.
        seed: of scikit-learn's shuffles; ``stable`` and ``keras`` have no chance in them.
        bits: how far apart perceptual hashes of near-duplicates are.

    Raises:
        BadDataset: fewer than two classes, or a class with fewer distinct images than the split needs.
    """
    table = dataset.sort_values("path", ignore_index=True)
    labelled = table[table["subset"] != UNLABELLED].reset_index(drop=True)
    distinct = labelled.drop_duplicates("pixels", ignore_index=True)
    shares = {"train": 1 - settings.validation - settings.test}
    shares |= {name: share for name in ("validation", "test") if (share := getattr(settings, name)) > 0}
    _refuse_too_few(distinct, classes, settings, shares)
    grouped = settings.group_near_duplicates
    if settings.method == "exact":
        side = _exact(distinct, classes, shares, seed, bits if grouped and bits else None)
    elif settings.method == "keras":
        side = _keras(distinct, labelled["pixels"].value_counts(), shares)
    elif settings.method == "predefined":
        side = _predefined(labelled, distinct, settings, seed)
    else:
        side = _stable(distinct, shares)
    labelled = labelled.assign(split=labelled["pixels"].map(side))
    aside = _near_the_judged(distinct.assign(split=distinct["pixels"].map(side)), bits) if _sets_aside(settings) else {}
    away = labelled["pixels"].isin(aside)
    used, away_rows = labelled[~away].reset_index(drop=True), labelled[away].reset_index(drop=True)
    _refuse_empty(used, classes)
    return Divided(
        dataset=used,
        unlabelled=table[table["subset"] == UNLABELLED].reset_index(drop=True),
        aside=away_rows.assign(reason=away_rows["pixels"].map(aside)),
    )


def leakage(dataset: pd.DataFrame, bits: int) -> pd.DataFrame:
    """Return near-duplicates on different sides: path, split, near, near_split, distance. Exact ones are on one."""
    import pandas as pd

    distinct = dataset.drop_duplicates("pixels") if bits else dataset.head(0)
    paths, sides = distinct["path"].tolist(), distinct["split"].tolist()
    rows = [
        (paths[index], sides[index], paths[other], sides[other], distance)
        for index, other, distance in pairs(hashes_of(distinct["phash"].tolist()), bits)
        if sides[index] != sides[other]
    ]
    return pd.DataFrame(rows, columns=["path", "split", "near", "near_split", "distance"])


# -- methods -----------------------------------------------------------------------------------------------------------


def _exact(
    distinct: pd.DataFrame, classes: list[str], shares: dict[str, float], seed: int, bits: int | None
) -> dict[str, str]:
    """Stratified by class, seeded; near-duplicates as one where asked for. Returns {pixel digest: side}."""
    unit = distinct["pixels"]
    if bits is not None:
        unit = distinct["pixels"].iloc[groups(hashes_of(distinct["phash"].tolist()), bits)].reset_index(drop=True)
    in_units = distinct.assign(unit=unit)
    _refuse_few(in_units.drop_duplicates(["label", "unit"]), classes, len(shares), _into(shares), f"images{_AS_ONE} ")
    units = in_units.drop_duplicates("unit")
    side = dict.fromkeys(units["pixels"], "train")
    rest = units
    for name in ("test", "validation"):
        if name in shares:
            rest, cut = _cut(rest, round(shares[name] * len(units)), name, shares[name], seed)
            side |= dict.fromkeys(cut["pixels"], name)
    return dict(zip(distinct["pixels"], unit.map(side), strict=True))


def _cut(rest: pd.DataFrame, size: int, name: str, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut a stratified sample of that size from the rows.

    Raises:
        BadDataset: there are too few rows, or too few of a class, for any to be cut.
    """
    from sklearn.model_selection import train_test_split

    fewest = rest["label"].nunique()
    if size < fewest or len(rest) - size < fewest:
        raise BadDataset(
            f"split.{name}: {share:.0%} makes {size} of {len(rest)} different images, and each side needs at least one "
            f"of each of the {fewest} classes: choose another share, or add images"
        )
    # scikit-learn cuts from no class with a single row, whatever the share.
    _refuse_few(rest, sorted(set(rest["label"])), 2, f"split.{name}, cut from {len(rest)} images{_AS_ONE},", "")
    left, cut = train_test_split(rest, test_size=size, stratify=rest["label"], random_state=seed)
    return left, cut


def _keras(distinct: pd.DataFrame, copies: pd.Series, shares: dict[str, float]) -> dict[str, str]:
    """As ImageDataGenerator's validation_split: the first files of each class, the share rounded down."""
    side = dict.fromkeys(distinct["pixels"], "train")
    for _, rows in distinct.groupby("label"):
        sizes = copies[rows["pixels"]]
        wanted = {name: int(shares[name] * int(sizes.sum())) for name in ("validation", "test") if name in shares}
        for digest, size in sizes.items():
            # Copies count, and stay together: a file that would overshoot is left to the next side.
            name = next((name for name, left in wanted.items() if size <= left), "train")
            if name in wanted:
                wanted[name] -= int(size)
            side[str(digest)] = name
    return side


def _stable(distinct: pd.DataFrame, shares: dict[str, float]) -> dict[str, str]:
    """By the image's own digest: it never changes sides, whatever comes or goes."""
    return {digest: _side_of(digest, shares) for digest in distinct["pixels"]}


def _side_of(digest: str, shares: dict[str, float]) -> str:
    draw = int.from_bytes(hashlib.sha256(f"evergreen split 1 {digest}".encode()).digest()[:8]) / 2**64
    if draw < shares.get("test", 0):
        return "test"
    return "validation" if draw < shares.get("test", 0) + shares.get("validation", 0) else "train"


def _predefined(labelled: pd.DataFrame, distinct: pd.DataFrame, settings: Split, seed: int) -> dict[str, str]:
    """As the folders say; a missing validation or test is cut from train, its share being of train.

    Of copies in several subsets all go where it hurts the judgement least: test before validation before train.
    """
    order = labelled["subset"].replace("", "train").map(_LATER_FIRST)
    rank = order.groupby(labelled["pixels"]).min()
    names = {number: name for name, number in _LATER_FIRST.items()}
    side = {str(digest): names[int(number)] for digest, number in rank.items()}
    train = distinct[distinct["pixels"].map(side) == "train"]
    rest = train
    for name in ("test", "validation"):
        share = getattr(settings, name)
        if share > 0 and name not in set(side.values()) and len(train):  # without any, it is refused by classes
            rest, cut = _cut(rest, round(share * len(train)), name, share, seed)
            side |= dict.fromkeys(cut["pixels"], name)
    return side


# -- near-duplicates ---------------------------------------------------------------------------------------------------


def _sets_aside(settings: Split) -> bool:
    if settings.method == "stable":
        return settings.group_near_duplicates is not False
    return settings.method != "exact" and settings.group_near_duplicates is True


def _near_the_judged(distinct: pd.DataFrame, bits: int) -> dict[str, str]:
    """Return {pixel digest: reason} of training images near a validation or test image, and validation near test.

    They are set aside instead of moved: so no image changes sides when a near-duplicate of it arrives.
    """
    if not bits:
        return {}
    digests, sides, paths = (distinct[name].tolist() for name in ("pixels", "split", "path"))
    aside: dict[str, str] = {}
    for index, other, _ in pairs(hashes_of(distinct["phash"].tolist()), bits):
        keep, away = sorted((index, other), key=lambda position: _LATER_FIRST[sides[position]])
        if sides[keep] != sides[away]:
            aside.setdefault(digests[away], f"a near-duplicate of {paths[keep]} in {sides[keep]}")
    return aside


# -- refusals ----------------------------------------------------------------------------------------------------------


def _refuse_too_few(distinct: pd.DataFrame, classes: list[str], settings: Split, shares: dict[str, float]) -> None:
    if distinct.empty:
        raise BadDataset("expected images that can be used, every one was quarantined: see the screening table")
    if len(classes) < 2:
        raise BadDataset(f"expected at least two classes, received {', '.join(classes) or 'none'}")
    needed = 1 if settings.method == "predefined" else len(shares)
    _refuse_few(distinct, classes, needed, _into(shares), "different images ")


def _into(shares: dict[str, float]) -> str:
    return f"a split into {', '.join(shares)}"


def _refuse_few(rows: pd.DataFrame, classes: list[str], needed: int, what: str, of: str) -> None:
    """Refuse rows with fewer than ``needed`` of a class, naming all such classes."""
    counts = rows["label"].value_counts()
    short = {name: int(counts.get(name, 0)) for name in classes if counts.get(name, 0) < needed}
    if short:
        found = ", ".join(f"{name} has {count}" for name, count in short.items())
        raise BadDataset(
            f"{what} needs at least {needed} {of}of each class; {found}: add images of it, "
            f"{_or_leave_out(short, classes)}or choose other shares"
        )


def _or_leave_out(names: Collection[str], classes: list[str]) -> str:
    """Return the line for the recipe that leaves classes out, if two are left then."""
    import yaml

    if len(classes) - len(names) < 2:
        return ""
    listed = yaml.safe_dump(list(names), default_flow_style=True, allow_unicode=True, width=float("inf")).strip()
    return f"leave {'it' if len(names) == 1 else 'them'} out (repair.leave_out: {listed}), "


def _refuse_empty(used: pd.DataFrame, classes: list[str]) -> None:
    """Refuse a split that leaves a class without training images, or validation without any."""
    training = set(used.loc[used["split"] == "train", "label"])
    if missing := [name for name in classes if name not in training]:
        raise BadDataset(
            f"train has no image of {', '.join(missing)}: add images of it, {_or_leave_out(missing, classes)}or choose "
            "smaller shares or another split.method"
        )
    if not (used["split"] == "validation").any():
        raise BadDataset(
            "validation has no image: training needs some to tell its epochs apart; raise split.validation"
        )
