"""Divide images into train, validation and test; images with equal pixels stay on one side, and groups if asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.near import first_of_lower_rank, hashes_of, pairs_across
from evergreen.datasets.splitting import methods
from evergreen.datasets.splitting.grouped import Placed, by_groups
from evergreen.datasets.splitting.refusals import into, refuse_empty, refuse_few, refuse_no_subset
from evergreen.datasets.splitting.told import group_sides, notes_on
from evergreen.datasets.splitting.units import groups_by_path, kinds_of
from evergreen.errors import BadDataset
from evergreen.tables import UNLABELLED

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.split import Split


@dataclass(frozen=True)
class Divided:
    """The sides.

    Attributes:
        dataset: the labelled rows that are used, with ``split``: train, validation or test; sorted by path.
        unlabelled: the rows without a label.
        aside: rows that are used on no side, with ``reason``.
        groups: images of every group on every side: group, split, count.
        notes: what people should know, one sentence each.
    """

    dataset: pd.DataFrame
    unlabelled: pd.DataFrame
    aside: pd.DataFrame
    groups: pd.DataFrame
    notes: list[str]


def split(
    dataset: pd.DataFrame, groups: pd.DataFrame, classes: list[str], settings: Split, seed: int, bits: int
) -> Divided:
    """Divide the images, independent of the order of the rows.

    Args:
        dataset: at least path, label, pixels, phash, subset.
        groups: path and group of the images that have one; a group may span classes. Paths of others do not matter.
        classes: class names in order; each must have images.
        settings: method, shares, and what stays on one side.
        seed: of scikit-learn's shuffles; ``stable`` and ``keras`` have no chance in them.
        bits: how far apart perceptual hashes of near-duplicates are.

    Raises:
        BadDataset: fewer than two classes, or a class with fewer distinct images, or groups, than the split needs.
    """
    import pandas as pd

    table = dataset.sort_values("path", ignore_index=True)
    columns = [*table.columns, "split"]
    table["group"] = groups_by_path(table, groups)
    labelled = table[table["subset"] != UNLABELLED].reset_index(drop=True)
    shares = {"train": 1 - settings.validation - settings.test}
    shares |= {name: share for name in ("validation", "test") if (share := getattr(settings, name)) > 0}
    _refuse_too_few(labelled.drop_duplicates("pixels"), classes, settings, shares)
    if settings.method == "predefined":
        refuse_no_subset(labelled)
    whole = "folder" in kinds_of(settings) and bool((labelled["group"] != "").any())
    if whole:
        placed = by_groups(labelled, classes, shares, settings, seed, bits)
    else:
        side = labelled["pixels"].map(_by_pixels(labelled, classes, shares, settings, seed, bits))
        placed = Placed(side, pd.Series("", index=labelled.index), None)
    labelled, why = labelled.assign(split=placed.side), placed.aside
    if _sets_aside(settings):
        judged = labelled[why == ""].drop_duplicates("pixels", ignore_index=True)
        why = labelled["pixels"].map(_near_the_judged(judged, bits)).fillna(why)
    away = why != ""
    used = labelled[~away].reset_index(drop=True)
    refuse_empty(used, classes, settings, by_name=whole and settings.method == "stable")
    return Divided(
        dataset=used[columns],
        unlabelled=table.loc[table["subset"] == UNLABELLED, columns[:-1]].reset_index(drop=True),
        aside=labelled.loc[away, columns].assign(reason=why[away]).reset_index(drop=True),
        groups=group_sides(used),
        notes=notes_on(labelled, placed.unit, used, shares, settings),
    )


def _by_pixels(
    labelled: pd.DataFrame, classes: list[str], shares: dict[str, float], settings: Split, seed: int, bits: int
) -> dict[str, str]:
    """Return {pixel digest: side} where groups of folders do not count."""
    distinct = labelled.drop_duplicates("pixels", ignore_index=True)
    if settings.method == "exact":
        grouped = "near-duplicates" in kinds_of(settings) and bits
        return methods.exact(distinct, classes, shares, seed, bits if grouped else None)
    if settings.method == "keras":
        return methods.keras(distinct, labelled["pixels"].value_counts(), shares)
    if settings.method == "predefined":
        return methods.predefined(labelled, distinct, settings, seed)
    return methods.stable(distinct, shares)


def leakage(dataset: pd.DataFrame, bits: int) -> pd.DataFrame:
    """Return near-duplicates on different sides: path, split, near, near_split, distance. Exact ones are on one."""
    import pandas as pd

    distinct = dataset.drop_duplicates("pixels") if bits else dataset.head(0)
    paths, sides = distinct["path"].to_numpy(), distinct["split"].to_numpy()
    one, other, distance = pairs_across(hashes_of(distinct["phash"].tolist()), pd.factorize(sides)[0], bits).T
    columns = (paths[one], sides[one], paths[other], sides[other], distance)
    return pd.DataFrame(dict(zip(("path", "split", "near", "near_split", "distance"), columns, strict=True)))


def _sets_aside(settings: Split) -> bool:
    """Whether near-duplicates of judged images are set aside; ``exact`` keeps them together instead."""
    return settings.method != "exact" and "near-duplicates" in kinds_of(settings)


def _near_the_judged(distinct: pd.DataFrame, bits: int) -> dict[str, str]:
    """Return {pixel digest: reason} of training images near a validation or test image, and validation near test.

    They are set aside instead of moved: so no image changes sides when a near-duplicate of it arrives.
    """
    if not bits:
        return {}
    digests, sides, paths = (distinct[name].tolist() for name in ("pixels", "split", "path"))
    ranks = distinct["split"].map(methods.LATER_FIRST).to_numpy(np.int64)
    near = first_of_lower_rank(hashes_of(distinct["phash"].tolist()), ranks, bits).tolist()
    return {
        digests[away]: f"a near-duplicate of {paths[keep]} in {sides[keep]}"
        for away, keep in enumerate(near)
        if keep >= 0
    }


def _refuse_too_few(distinct: pd.DataFrame, classes: list[str], settings: Split, shares: dict[str, float]) -> None:
    if distinct.empty:
        raise BadDataset(
            "expected images that can be used, every one was quarantined: evergreen inspect shows which, and why"
        )
    if len(classes) < 2:
        raise BadDataset(f"expected at least two classes, received {', '.join(classes) or 'none'}")
    needed = 1 if settings.method == "predefined" else len(shares)
    refuse_few(distinct, classes, needed, into(shares), "different images ")
