"""Which side every picture is on where nothing but equal pixels, or near-duplicates, stays together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from evergreen.datasets.near import groups, hashes_of
from evergreen.datasets.splitting.refusals import into, refuse_few
from evergreen.errors import BadDataset

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.split import Split

# Of copies, the one that is on the first of these decides: where it hurts the judgement least.
LATER_FIRST = {"test": 0, "validation": 1, "train": 2}
SIDE_OF_RANK = {number: name for name, number in LATER_FIRST.items()}
_AS_ONE = " (near-duplicates that stay together count as one)"


def exact(
    distinct: pd.DataFrame, classes: list[str], shares: dict[str, float], seed: int, bits: int | None
) -> dict[str, str]:
    """Stratified by class, seeded; near-duplicates as one where asked for. Returns {pixel digest: side}."""
    unit = distinct["pixels"]
    if bits is not None:
        unit = distinct["pixels"].iloc[groups(hashes_of(distinct["phash"].tolist()), bits)].reset_index(drop=True)
    in_units = distinct.assign(unit=unit)
    refuse_few(in_units.drop_duplicates(["label", "unit"]), classes, len(shares), into(shares), f"images{_AS_ONE} ")
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
    refuse_few(rest, sorted(set(rest["label"])), 2, f"split.{name}, cut from {len(rest)} images{_AS_ONE},", "")
    left, cut = train_test_split(rest, test_size=size, stratify=rest["label"], random_state=seed)
    return left, cut


def keras(distinct: pd.DataFrame, copies: pd.Series, shares: dict[str, float]) -> dict[str, str]:
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


def stable(distinct: pd.DataFrame, shares: dict[str, float]) -> dict[str, str]:
    """By the image's own digest: it never changes sides, whatever comes or goes."""
    return {digest: side_of(digest, shares) for digest in distinct["pixels"]}


def side_of(digest: str, shares: dict[str, float]) -> str:
    """Return the side that a name draws: the same for ever, with any share up to the shares before it."""
    draw = int.from_bytes(hashlib.sha256(f"evergreen split 1 {digest}".encode()).digest()[:8]) / 2**64
    if draw < shares.get("test", 0):
        return "test"
    return "validation" if draw < shares.get("test", 0) + shares.get("validation", 0) else "train"


def predefined(labelled: pd.DataFrame, distinct: pd.DataFrame, settings: Split, seed: int) -> dict[str, str]:
    """As the folders say; a missing validation or test is cut from train, its share being of train."""
    side = dict(zip(labelled["pixels"], given_sides(labelled), strict=True))
    train = distinct[distinct["pixels"].map(side) == "train"]
    rest = train
    for name in ("test", "validation"):
        share = getattr(settings, name)
        if share > 0 and name not in set(side.values()) and len(train):  # without any, it is refused by classes
            rest, cut = _cut(rest, round(share * len(train)), name, share, seed)
            side |= dict.fromkeys(cut["pixels"], name)
    return side


def given_sides(labelled: pd.DataFrame) -> pd.Series:
    """Return the side of every image that its folder gives.

    Of copies in several subsets all go where it hurts the judgement least: test before validation before train.
    """
    order = labelled["subset"].replace("", "train").map(LATER_FIRST)
    return order.groupby(labelled["pixels"]).transform("min").map(SIDE_OF_RANK)
