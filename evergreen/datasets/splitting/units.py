"""What stays on one side: pictures with equal pixels, those of one group, and near-duplicates where asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evergreen.datasets.near import groups, hashes_of

if TYPE_CHECKING:
    import pandas as pd

    from evergreen.sections.split import Split


def kinds_of(settings: Split) -> frozenset[str]:
    """Return what stays on one side, folder and near-duplicates, with null written out: the latter if stable."""
    if settings.group is not None:
        return frozenset(settings.group)
    return frozenset({"near-duplicates"} if settings.method == "stable" else ())


def groups_by_path(table: pd.DataFrame, groups: pd.DataFrame) -> pd.Series:
    """Return the group of every image of a table, an empty text for those in none.

    Args:
        table: at least path.
        groups: path and group of the images whose folders stay together; empty if folders do not.
    """
    return table["path"].map(dict(zip(groups["path"], groups["group"], strict=True))).fillna("")


def grouped(table: pd.DataFrame, groups: pd.DataFrame, bits: int) -> np.ndarray:
    """Return ``units_of`` a table whose groups are told apart from it, (N,) int64.

    Args:
        table: at least path, pixels, phash.
        groups: as for ``groups_by_path``.
        bits: as for ``units_of``.
    """
    return units_of(table.assign(group=groups_by_path(table, groups)), bits)


def units_of(rows: pd.DataFrame, bits: int) -> np.ndarray:
    """Return for every image the number of its unit, (N,) int64; units are numbered by their first images.

    Units are the connected components of equal pixels, equal groups and near-duplicates: two groups that share a
    picture are one unit.

    Args:
        rows: at least pixels, phash, and group (empty: none).
        bits: how far apart the perceptual hashes of near-duplicates are; 0 joins none.
    """
    import pandas as pd
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pixels, distinct = pd.factorize(rows["pixels"])
    named = (rows["group"] != "").to_numpy()
    group, names = pd.factorize(rows["group"][named])
    ones, others = pixels[named], len(distinct) + group
    if bits:
        first = groups(hashes_of(rows.drop_duplicates("pixels")["phash"].tolist()), bits)
        ones, others = np.concatenate([ones, np.arange(len(first))]), np.concatenate([others, first])
    nodes = len(distinct) + len(names)
    edges = coo_array((np.ones(len(ones), bool), (ones, others)), shape=(nodes, nodes))
    _, component = connected_components(edges, directed=False)
    units: np.ndarray = pd.factorize(component[pixels])[0].astype(np.int64)
    return units
