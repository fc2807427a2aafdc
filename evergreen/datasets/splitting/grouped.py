"""Which side every image is on where groups of folders (a session, a camera, a person) stay together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.splitting.cutting import cut
from evergreen.datasets.splitting.methods import LATER_FIRST, SIDE_OF_RANK, given_sides, side_of
from evergreen.datasets.splitting.refusals import refuse_apart, refuse_few_groups
from evergreen.datasets.splitting.units import kinds_of, units_of

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.split import Split


@dataclass(frozen=True)
class Placed:
    """Where images are.

    Attributes:
        side: of every image: train, validation or test.
        aside: why it is set aside; empty if it is not.
        unit: (N,) int64, what every image stays together with, by number; None under ``stable``, which joins nothing.
    """

    side: pd.Series
    aside: pd.Series
    unit: np.ndarray | None


def by_groups(
    labelled: pd.DataFrame, classes: list[str], shares: Mapping[str, float], settings: Split, seed: int, bits: int
) -> Placed:
    """Place every image, the images of a group on one side.

    Groups that share equal pixels are one: but not under ``stable``, where that would move them when a picture arrives.

    Args:
        labelled: at least path, label, pixels, phash, subset, group (empty: a group by itself); sorted by path.
        classes: in order.
        shares: side -> its share, of those that are wanted; train first.
        settings: method, kinds.
        seed: of ``exact`` and of what is cut for ``predefined``.
        bits: how far apart perceptual hashes of near-duplicates are; those stay together where that is asked for.

    Raises:
        BadDataset: a class has too few groups, or groups hold so many classes that none can be cut.
    """
    import pandas as pd

    if settings.method == "stable":
        return _drawn(labelled, classes, dict(shares), settings)
    near = settings.method == "exact" and "near-duplicates" in kinds_of(settings)
    unit = units_of(labelled, bits if near else 0)
    side = given_sides(labelled) if settings.method == "predefined" else pd.Series("train", index=labelled.index)
    free = (side == "train").to_numpy()
    if settings.method != "keras":  # which counts copies, as Keras does
        free &= ~labelled["pixels"].duplicated().to_numpy()
    order = [name for name in ("test", "validation") if shares.get(name) and name not in set(side)]
    if settings.method == "keras":
        order.reverse()
    if not free.any():
        order = []  # there is nothing to cut from, which is refused by classes
    counts, rest = _counted(labelled[free], unit[free], classes)
    _refuse_few(counts, classes, ["train", *order], settings)
    wanted = {name: shares[name] * counts.sum(axis=0) for name in order}
    if settings.method == "keras":
        wanted = {name: np.floor(images) for name, images in wanted.items()}
    chance = None if settings.method == "keras" else seed
    for number, name in enumerate(order):
        found = cut(counts[rest], wanted[name], len(order) - number, chance)
        refuse_apart(name, [classes[index] for index in np.flatnonzero(found.lacking)], settings)
        side[(side == "train").to_numpy() & np.isin(unit, rest[found.taken])] = name
        rest = rest[~found.taken]
    return Placed(side, pd.Series("", index=labelled.index), unit)


def _counted(rows: pd.DataFrame, unit: np.ndarray, classes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return images of every unit by class, (units, C) int64, and the units that have some."""
    counts = np.zeros((int(unit.max(initial=-1)) + 1, len(classes)), np.int64)
    index = {name: number for number, name in enumerate(classes)}
    np.add.at(counts, (unit, rows["label"].map(index).to_numpy(np.int64)), 1)
    return counts, np.flatnonzero(counts.sum(axis=1))


def _refuse_few(counts: np.ndarray, classes: list[str], sides: list[str], settings: Split) -> None:
    if len(sides) > 1:
        groups = dict(zip(classes, (counts > 0).sum(axis=0).tolist(), strict=True))
        refuse_few_groups(groups, sorted(sides, key=lambda side: -LATER_FIRST[side]), settings)


def _drawn(labelled: pd.DataFrame, classes: list[str], shares: dict[str, float], settings: Split) -> Placed:
    """Sides by the digest of the group's name, of a picture in none by its own: none moves when others come or go.

    Of equal pixels in groups on several sides, one side keeps them, and the others' copies are set aside.
    """
    name = labelled["pixels"].where(labelled["group"] == "", "group " + labelled["group"])
    counts = labelled.assign(name=name).drop_duplicates(["label", "name"])["label"].value_counts()
    refuse_few_groups({label: int(counts.get(label, 0)) for label in classes}, list(shares), settings)
    own = name.map({one: side_of(one, shares) for one in name.unique()})
    rank = own.map(LATER_FIRST)
    least = rank.groupby(labelled["pixels"]).transform("min")
    kept = labelled[rank == least].drop_duplicates("pixels").set_index("pixels")["path"]
    told = (
        "equal pixels with " + labelled["pixels"].map(kept) + " in " + least.map(SIDE_OF_RANK) + ", outside its group"
    )
    return Placed(own, told.where(rank > least, ""), None)
