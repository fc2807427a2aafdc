"""Two models on the same images: McNemar's test, and bootstrap intervals of what each gets right."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

_SAMPLES = 10_000
_SEED = 20_251
_INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class McNemar:
    """McNemar's exact test of whether two models are right equally often.

    Attributes:
        only_champion: images that the champion alone gets right.
        only_challenger: images that the challenger alone gets right.
        p_value: two-sided, 0-1; 1 where the two counts are equal.
    """

    only_champion: int
    only_challenger: int
    p_value: float


@dataclass(frozen=True)
class Paired:
    """What two models get right of the same images; the intervals hold 95 % of the bootstrap.

    Attributes:
        count: images.
        champion: share that the champion gets right, 0-1.
        challenger: share that the challenger gets right, 0-1.
        gain: challenger minus champion.
        champion_interval: (low, high).
        challenger_interval: (low, high).
        gain_interval: (low, high).
    """

    count: int
    champion: float
    challenger: float
    gain: float
    champion_interval: tuple[float, float]
    challenger_interval: tuple[float, float]
    gain_interval: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


def mcnemar(champion: np.ndarray, challenger: np.ndarray) -> McNemar:
    """Test two models on the same images, exactly (McNemar 1947, Psychometrika 12, 153-157).

    Of the images that one model alone gets right, each is the challenger's with probability 1/2 if the two are equally
    good: a binomial test, at any count. Nothing is approximated, so equal counts give 1, which the chi-square with
    Edwards' correction does not.

    Args:
        champion: (N,) bool, whether the champion is right.
        challenger: (N,) bool, the same of the challenger.
    """
    from scipy.stats import binomtest

    first, second = int((champion & ~challenger).sum()), int((challenger & ~champion).sum())
    p_value = binomtest(first, first + second).pvalue if first + second else 1.0
    return McNemar(first, second, float(p_value))


def paired(champion: np.ndarray, challenger: np.ndarray) -> Paired:
    """Return what two models get right, with percentile intervals of a paired bootstrap (Efron & Tibshirani 1993, 13).

    An image is one of four kinds (both right, only one, only the other, neither), so drawing images with replacement
    is drawing counts of the kinds from a multinomial distribution. Seeded: equal answers give equal intervals.

    Args:
        champion: (N,) bool with N of 1 or more, whether the champion is right.
        challenger: (N,) bool, the same of the challenger.
    """
    count = len(champion)
    kinds = np.array(
        [
            (champion & challenger).sum(),
            (champion & ~challenger).sum(),
            (challenger & ~champion).sum(),
            (~champion & ~challenger).sum(),
        ]
    )
    draws = np.random.default_rng(_SEED).multinomial(count, kinds / count, _SAMPLES)
    both, first, second = draws[:, 0], draws[:, 1], draws[:, 2]
    return Paired(
        count=count,
        champion=int(champion.sum()) / count,
        challenger=int(challenger.sum()) / count,
        gain=(int(challenger.sum()) - int(champion.sum())) / count,
        champion_interval=_interval((both + first) / count),
        challenger_interval=_interval((both + second) / count),
        gain_interval=_interval((second - first) / count),
    )


def _interval(shares: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(shares, _INTERVAL)
    return round(float(low), 6), round(float(high), 6)
