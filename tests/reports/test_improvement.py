import numpy as np
import pytest
from scipy import optimize, stats

from reports.improvement import improvement, interquartile_mean


@pytest.mark.parametrize("seed", range(5))
def test_the_share_is_mann_and_whitneys(seed):
    first, second = np.random.default_rng(seed).integers(0, 6, size=(2, 9)).astype(float)
    expected = stats.mannwhitneyu(second, first).statistic / 81  # of the second above the first, ties half
    np.testing.assert_allclose(improvement(first, second)[0], expected)


@pytest.mark.parametrize(("first", "second"), [([1, 2, 5], [3, 4, 6, 7]), ([2, 3], [1, 4, 5])])
def test_the_ends_solve_the_quadratic_of_hanley_and_mcneils_variance(first, second):
    share, low, high = improvement(first, second)
    m = n = (len(first) + len(second)) / 2

    def excess(theta):
        above, below = theta / (2 - theta), 2 * theta**2 / (1 + theta)
        variance = theta * (1 - theta) + (m - 1) * (above - theta**2) + (n - 1) * (below - theta**2)
        # The two terms are written with m and n here and with their mean in the module: the same for equal halves.
        return (theta - share) ** 2 - stats.norm.ppf(0.975) ** 2 * variance / (len(first) * len(second))

    np.testing.assert_allclose(low, optimize.brentq(excess, 1e-9, share), atol=1e-9)
    np.testing.assert_allclose(high, optimize.brentq(excess, share, 1 - 1e-9), atol=1e-9)


def test_losses_that_never_overlap_leave_room_for_doubt():
    share, low, high = improvement(np.arange(8.0), 10 + np.arange(8.0))
    assert (share, high) == (1.0, 1.0)
    assert 0.5 < low < 1
    back = improvement(10 + np.arange(8.0), np.arange(8.0))
    np.testing.assert_allclose(back, (0.0, 0.0, 1 - low), atol=1e-9)


def test_a_failed_run_is_below_none():
    np.testing.assert_allclose(improvement([1.0, np.inf], [2.0, np.inf])[0], (1 + 1 + 0 + 0.5) / 4)


def test_the_interval_covers():
    random, runs = np.random.default_rng(3), 10
    truth, hits = stats.norm.cdf(0.8 / np.sqrt(2)), 0
    for _ in range(800):
        level = random.normal(size=runs)
        first, second = (shift + np.sqrt(0.5) * level + np.sqrt(0.5) * random.normal(size=runs) for shift in (0.0, 0.8))
        _, low, high = improvement(first, second)
        hits += low <= truth <= high
    assert hits / 800 >= 0.95 - 4 * np.sqrt(0.05 * 0.95 / 800)


@pytest.mark.parametrize("wrong", [[], [float("nan")]])
def test_no_runs_and_no_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="were expected"):
        improvement(wrong, [1.0])


def test_the_interquartile_mean_is_of_the_middle_half():
    values = np.random.default_rng(0).permutation([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1000.0])
    assert interquartile_mean(values) == np.mean([2.0, 3.0, 4.0, 5.0])
