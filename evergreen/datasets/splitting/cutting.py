"""A share is cut from units that stay whole, each class as near to its share as they allow.

scikit-learn's StratifiedGroupKFold makes folds of equal size, so 15 % would be a seventh: some of its folds together
are where the choice begins, and then single units change sides while that brings the classes nearer to their shares.
Units of one image come last and fill each class up, which is exact. docs/decisions/0012-groups.md.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

_MOST_FOLDS = 10
# Of so many units every choice is looked at: 4,096 at most.
_EVERY_CHOICE_OF = 12
# Up to so many units every number of folds is tried, and the best few beginnings are followed.
_FEW_UNITS = 60
_FOLLOWED = 5
_NO_NEARER = 1e-9


@dataclass(frozen=True)
class Cut:
    """What is cut.

    Attributes:
        taken: (U,) bool, the units that are cut.
        lacking: (C,) bool, classes that one side of the cut has too few units of.
    """

    taken: np.ndarray
    lacking: np.ndarray


def cut(counts: np.ndarray, wanted: np.ndarray, later: int, seed: int | None) -> Cut:
    """Choose units to cut.

    Args:
        counts: (U, C) int64, images of each unit by class; every unit has one at least.
        wanted: (C,) float, images of each class that should be cut.
        later: how many units of each class must be left: one for each side that the rest is for.
        seed: of the choice among equals; None takes the first ones.
    """
    alone = counts.sum(axis=1) == 1
    task = _Task(counts[~alone], counts[alone].sum(axis=0), wanted, later)
    begun = np.stack([*_beginnings(task, seed)])
    followed = [task.nearer(mask) for mask in begun[task.order(begun)[:_FOLLOWED]]]
    best = np.stack(followed)[task.order(np.stack(followed))[0]]
    taken = np.zeros(len(counts), bool)
    taken[~alone] = best
    taken[np.flatnonzero(alone)[_filling(counts[alone], task.filled(best), seed)]] = True
    return Cut(taken, task.lacking(best))


@dataclass(frozen=True)
class _Task:
    """One choice among units of several images.

    Attributes:
        counts: (G, C) images of each such unit by class.
        alone: (C,) how many units of one image each class has.
        wanted: (C,) images that should be cut.
        later: how many units of each class must be left.
    """

    counts: np.ndarray
    alone: np.ndarray
    wanted: np.ndarray
    later: int

    def order(self, masks: np.ndarray) -> np.ndarray:
        """Return the positions of some choices, (K, G) bool, the best first."""
        missing, far = self._score(masks @ self.counts, masks @ (self.counts > 0).astype(np.int64))
        order: np.ndarray = np.lexsort((far, missing))
        return order

    def nearer(self, mask: np.ndarray) -> np.ndarray:
        """Move single units while that helps: first no class is missing, then the shares are nearer."""
        has = (self.counts > 0).astype(np.int64)
        mask = mask.copy()
        missing, far = (values[0] for values in self._score(mask[None] @ self.counts, mask[None] @ has))
        while len(mask):
            sign = np.where(mask, -1, 1)[:, None]
            others = self._score(mask @ self.counts + sign * self.counts, mask @ has + sign * has)
            best = np.lexsort(others[::-1])[0]
            if (others[0][best], others[1][best] + _NO_NEARER) >= (missing, far):
                break
            missing, far = others[0][best], others[1][best]
            mask[best] = not mask[best]
        return mask

    def filled(self, mask: np.ndarray) -> np.ndarray:
        """Return how many units of one image are cut from each class, (C,) int64."""
        _, filled = self._filled(mask[None] @ self.counts, mask[None] @ (self.counts > 0).astype(np.int64))
        sizes: np.ndarray = np.round(filled[0]).astype(np.int64)
        return sizes

    def lacking(self, mask: np.ndarray) -> np.ndarray:
        """Return which classes a side has too few units of, (C,) bool."""
        missing, _ = self._filled(mask[None] @ self.counts, mask[None] @ (self.counts > 0).astype(np.int64))
        return np.asarray(missing[0] > 0)

    def _score(self, images: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how many units are missing, and how far the classes are from their shares, (K,) each."""
        missing, filled = self._filled(images, units)
        off = images + filled - self.wanted
        return missing.sum(axis=1), (off**2 / np.maximum(self.wanted, 1)).sum(axis=1)

    def _filled(self, images: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return missing units and units of one image to cut, by class, (K, C) each.

        Args:
            images: (K, C) that are cut in larger units.
            units: (K, C) larger units that are cut, by the classes in them.
        """
        least = np.maximum(0, 1 - units)
        kept = np.maximum(0, self.later - ((self.counts > 0).sum(axis=0) - units))
        missing = np.maximum(0, least + kept - self.alone)
        most = np.maximum(self.alone - kept, 0)
        return missing, np.minimum(np.maximum(self.wanted - images, least), most)


def _beginnings(task: _Task, seed: int | None) -> Iterator[np.ndarray]:
    """Yield choices to begin with, (G,) bool each: the first units or some of scikit-learn's folds, of few units all.

    Of equally good ones the first is taken, so a seed has its say among few units too.
    """
    size = len(task.counts)
    if size > 1:
        yield from _first_units(task) if seed is None else _some_folds(task, seed)
    if size <= _EVERY_CHOICE_OF:
        yield from (np.arange(1 << size)[:, None] >> np.arange(size) & 1).astype(bool)
    else:
        yield np.zeros(size, bool)


def _first_units(task: _Task) -> Iterator[np.ndarray]:
    far = np.abs(np.cumsum(task.counts, axis=0) - task.wanted).sum(axis=1)
    yield np.arange(len(task.counts)) <= far.argmin()


def _some_folds(task: _Task, seed: int) -> Iterator[np.ndarray]:
    size = len(task.counts)
    share = task.wanted.sum() / max(1, task.counts.sum() + task.alone.sum())
    numbers = list(range(2, min(_MOST_FOLDS, size) + 1))
    if size > _FEW_UNITS:
        numbers = [min(numbers, key=lambda number: abs(_folds(share, number) / number - share))]
    for number in numbers:
        fold = _fold_of(task.counts, number, seed)
        if fold is None:
            continue
        for first in range(number):
            yield np.isin(fold, (first + np.arange(_folds(share, number))) % number)


def _folds(share: float, number: int) -> int:
    return min(max(1, round(share * number)), number - 1)


def _fold_of(counts: np.ndarray, number: int, seed: int) -> np.ndarray | None:
    """Return the fold of every unit, (G,) int64; None if no class has as many images as there are folds."""
    from sklearn.model_selection import StratifiedGroupKFold

    if counts.sum(axis=0).max() < number:
        return None
    where = np.repeat(np.arange(counts.size), counts.ravel())
    unit, label = where // counts.shape[1], where % counts.shape[1]
    fold = np.zeros(len(counts), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class with fewer images than folds: what follows mends it
        made = StratifiedGroupKFold(number, shuffle=True, random_state=seed).split(unit, label, unit)
        for index, (_, test) in enumerate(made):
            fold[unit[test]] = index
    return fold


def _filling(counts: np.ndarray, sizes: np.ndarray, seed: int | None) -> np.ndarray:
    """Return the positions of as many units of one image of each class as ``sizes`` says."""
    label = counts.argmax(axis=1)
    order = np.arange(len(counts)) if seed is None else np.random.default_rng(seed).permutation(len(counts))
    some: list[np.ndarray] = [order[label[order] == index][:size] for index, size in enumerate(sizes)]
    return np.concatenate(some)
