"""evergreen.judging.statistics: McNemar's test and the bootstrap, against hand-made tables and scipy."""

from math import comb

import numpy as np
import pytest
from scipy import stats

from evergreen.judging.statistics import mcnemar, paired


def _answers(both: int, champion: int, challenger: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Return who is right on each image, from the counts of the four kinds."""
    kinds = (
        [(True, True)] * both + [(True, False)] * champion + [(False, True)] * challenger + [(False, False)] * neither
    )
    table = np.array(kinds, bool).reshape(-1, 2)
    return table[:, 0], table[:, 1]


@pytest.mark.parametrize(
    ("champion", "challenger", "p_value"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (0, 6, 2 / 64),
        (1, 9, 2 * (1 + 10) / 2**10),
        (2, 7, 2 * (1 + 9 + 36) / 2**9),
        (20, 20, 1.0),
        (1000, 1000, 1.0),
        (15, 35, 2 * sum(comb(50, k) for k in range(16)) / 2**50),
    ],
)
def test_discordant_images_are_tested_exactly(champion: int, challenger: int, p_value: float) -> None:
    found = mcnemar(*_answers(40, champion, challenger, 5))
    assert (found.only_champion, found.only_challenger) == (champion, challenger)
    assert found.p_value == pytest.approx(p_value)
    assert mcnemar(*_answers(40, challenger, champion, 5)).p_value == found.p_value


def test_with_many_discordant_images_it_is_near_the_chi_square_of_mcnemar() -> None:
    champion, challenger = 4900, 5100
    found = mcnemar(*_answers(0, champion, challenger, 0))
    statistic = (challenger - champion) ** 2 / (champion + challenger)
    assert found.p_value == pytest.approx(stats.chi2.sf(statistic, 1), rel=0.03)


def test_shares_are_exact_and_intervals_are_scipys_bootstrap() -> None:
    champion, challenger = _answers(60, 5, 15, 20)
    found = paired(champion, challenger)
    assert (found.count, found.champion, found.challenger, found.gain) == (100, 0.65, 0.75, 0.1)
    for answers, interval in (
        ((champion,), found.champion_interval),
        ((challenger,), found.challenger_interval),
        ((challenger.astype(int) - champion,), found.gain_interval),
    ):
        theirs = stats.bootstrap(
            answers, np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(1), vectorized=True
        ).confidence_interval
        assert interval == pytest.approx((theirs.low, theirs.high), abs=0.0101)
    assert paired(champion, challenger) == found


def test_where_both_are_always_right_the_intervals_are_points() -> None:
    found = paired(*_answers(7, 0, 0, 0))
    assert (found.champion_interval, found.gain_interval) == ((1, 1), (0, 0))
