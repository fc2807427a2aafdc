"""Which images a suspect looks like, for a person to judge by: the nearest of its label and of the class it may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from evergreen.diagnosing.neighbours import DIGITS, NOBODY, cosines, largest
from evergreen.diagnosing.suspects import DOUBTED, NEAR_DUPLICATE, Judged
from evergreen.vectors import unit_length

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("sha256", "label", "path", "neighbour", "similarity")
COUNT = 3  # of a class
MOST = 1000  # suspects that have them, the first by rank
_MOST_CLASSES = 3


def lookalikes(features: np.ndarray, judged: Judged, suspects: pd.DataFrame) -> pd.DataFrame:
    """Return ``COLUMNS``: for each suspect the images that are nearest to it, class by class, the nearest first.

    The classes are its label and the one that is suggested; of a near-duplicate those of its unit; of any other the
    likeliest but its label. Images whose own label is doubted stand for no class, and near-duplicates of a suspect
    under the same label say nothing new, so neither is among them; a near-duplicate under another label is the reason
    itself. ``similarity`` is the cosine of features, -1 to 1; ``label`` and ``path`` are the neighbour's.

    Args:
        features: (N, C), of the images that were judged.
        judged: what is known of these.
        suspects: ``suspects.COLUMNS``; those that were not judged have no neighbours.
    """
    import pandas as pd
    from threadpoolctl import threadpool_limits

    place = {path: at for at, path in enumerate(judged.table["path"])}
    known = suspects[suspects["path"].isin(list(place))]
    doubted = np.zeros(len(judged.labels), bool)
    doubted[[place[path] for path in known.loc[known["kind"].isin(DOUBTED), "path"]]] = True
    asked = _asked(judged, known, place)
    unit = unit_length(features).astype(np.float32)
    found: dict[tuple[int, int], list[tuple[int, float]]] = {}
    with threadpool_limits(1):
        for number in range(len(judged.classes)):
            some = np.array([at for at, classes in asked.items() if number in classes], np.int64)
            pool = np.flatnonzero(judged.labels == number)
            for at, near in _nearest(unit, some, pool, judged, doubted):
                found[at, number] = near
    digests, paths = judged.table["sha256"].tolist(), judged.table["path"].tolist()
    rows = [
        (digests[at], judged.classes[number], paths[other], digests[other], round(similarity, DIGITS))
        for at, classes in asked.items()
        for number in classes
        for other, similarity in found.get((at, number), [])
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _asked(judged: Judged, suspects: pd.DataFrame, place: dict[str, int]) -> dict[int, list[int]]:
    """Return {position of a suspect: the classes that it is held against}, in the order of ranks."""
    number = {name: index for index, name in enumerate(judged.classes)}
    asked: dict[int, dict[int, None]] = {}
    for path, kind, suggested in zip(suspects["path"], suspects["kind"], suspects["suggested"], strict=True):
        at = place[path]
        if at not in asked and len(asked) == MOST:
            continue
        own = int(judged.labels[at])
        others = [number[suggested]] if suggested in number else []
        if kind == NEAR_DUPLICATE:
            others += sorted({*judged.labels[judged.units == judged.units[at]].tolist()})
        elif not others:
            others = [int(name) for name in np.argsort(-judged.scores[at], kind="stable")[:2] if name != own][:1]
        asked.setdefault(at, {}).update(dict.fromkeys([own, *others]))
    return {at: list(classes)[:_MOST_CLASSES] for at, classes in asked.items()}


def _nearest(
    features: np.ndarray, some: np.ndarray, pool: np.ndarray, judged: Judged, doubted: np.ndarray
) -> Iterator[tuple[int, list[tuple[int, float]]]]:
    """Yield each image and its nearest of a pool, of equally near ones the first: position and cosine."""
    if not len(pool):
        return
    for block, near in cosines(features, some, pool):
        together = judged.units[block, None] == judged.units[pool]
        alike = judged.labels[block, None] == judged.labels[pool]
        near[np.where(together, alike, doubted[pool])] = NOBODY
        for at, row, first in zip(block.tolist(), near, largest(near, min(COUNT, len(pool))), strict=True):
            yield at, [(int(pool[other]), float(row[other])) for other in first if row[other] > NOBODY]
