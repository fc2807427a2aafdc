"""evergreen.drifting.statistics: each is what its paper says, held against SciPy or a sum written out."""

import numpy as np
import pytest

from evergreen.drifting import statistics
from evergreen.drifting.windows import Windows


def _only(new: int, others: int) -> Windows:
    chosen = np.zeros((1, others + new), np.float32)
    chosen[0, others:] = 1
    return Windows(chosen, 0.1)


def test_distances_are_kolmogorovs_at_quantiles_the_largest_of_all_columns() -> None:
    from scipy.stats import ks_2samp

    random = np.random.default_rng(0)
    reference, pool = random.normal(size=(500, 2)), random.normal([0, 0.5], size=(180, 2))
    found = statistics.distances(reference, pool, _only(80, 100))[0]
    exact = max(ks_2samp(reference[:, column], pool[100:, column]).statistic for column in (0, 1))
    assert exact - 1 / 32 <= found <= exact + 1e-6


def test_of_a_value_that_all_have_a_lower_and_a_higher_one_are_seen() -> None:
    same = np.full((50, 1), 32.0)
    for value, distance in ((32, 0), (16, 1), (64, 1)):
        pool = np.concatenate([same[:20], np.full((10, 1), float(value))])
        assert statistics.distances(same, pool, _only(10, 20))[0] == pytest.approx(distance)


def test_the_discrepancy_is_the_unbiased_one_less_what_the_reference_decides() -> None:
    random = np.random.default_rng(1)
    reference, pool = random.normal(size=(30, 3)), random.normal(size=(12, 3))
    found = statistics.discrepancies(reference, pool, _only(5, 7))[0]
    squared = [float(((one - other) ** 2).sum()) for at, one in enumerate(reference) for other in reference[:at]]
    width, new = np.median(squared) / 4, pool[7:]

    def kernel(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.exp(-((one - other) ** 2).sum() / width))

    within = np.mean([kernel(new[i], new[j]) for i in range(5) for j in range(5) if i != j])
    across = np.mean([kernel(one, other) for one in new for other in reference])
    assert found == pytest.approx(within - 2 * across, abs=1e-6)


def test_far_is_the_fifth_neighbour_and_no_image_is_its_own() -> None:
    line = np.arange(10.0)[:, None]
    assert statistics.far(line, np.array([[20.0]]))[0] == 15
    assert statistics.far(line, line, own=True)[0] == 5


def test_shares_are_chi_squared_of_answers() -> None:
    reference = np.array([0, 1] * 50)
    same = statistics.shares(reference, np.array([0, 1] * 10), 2, _only(10, 10))[0]
    other = statistics.shares(reference, np.array([0, 1] * 5 + [1] * 10), 2, _only(10, 10))[0]
    assert same == pytest.approx(0, abs=1e-9)
    assert other == pytest.approx(1)
