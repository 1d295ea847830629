import numpy as np
import pytest
from scipy import stats

from reports.components import components, deviation


def groups_of(seed, between=0.3, within=0.2, seeds=8, sets=4):
    random = np.random.default_rng(seed)
    return random.normal(0, between, (seeds, 1)) + random.normal(0, within, (seeds, sets))


def test_the_mean_squares_are_those_of_scipys_analysis_of_variance():
    groups = groups_of(0)
    found, ratio = components(groups), stats.f_oneway(*groups).statistic
    inside = np.mean(groups.var(axis=1, ddof=1))
    np.testing.assert_allclose(found.within[0] ** 2, inside)
    np.testing.assert_allclose(found.between**2, (ratio - 1) * inside / 4)
    np.testing.assert_allclose(found.share[0], found.between**2 / (found.between**2 + inside))


def test_the_ends_of_the_share_are_where_the_ratio_would_be_rejected():
    groups = groups_of(1)
    found, ratio = components(groups), stats.f_oneway(*groups).statistic
    for end, tail in zip(found.share[1:], (0.025, 0.975), strict=True):
        scale = 1 + 4 * end / (1 - end)  # E MS_b / E MS_w
        np.testing.assert_allclose(stats.f.sf(ratio / scale, 7, 24), tail, rtol=1e-6)


def test_the_intervals_cover_in_the_normal_model():
    hits = np.zeros(2)
    for seed in range(400):
        found = components(groups_of(seed))
        hits += [
            found.share[1] <= 0.09 / 0.13 <= found.share[2],
            found.within[1] <= 0.2 <= found.within[2],
        ]
    np.testing.assert_allclose(hits / 400, 0.95, atol=4 * np.sqrt(0.05 * 0.95 / 400))


def test_unequal_groups_are_allowed_and_missing_ones_left_out():
    found = components([[1.0, 1.1], [2.0], [], [3.0, 3.2, 3.1]])
    assert (found.seeds, found.sets) == (3, 6)
    np.testing.assert_allclose(found.within[0] ** 2, (0.005 + 0.02) / 3)


@pytest.mark.parametrize("groups", [[], [[1.0, 2.0]], [[1.0], [2.0]]])
def test_what_cannot_be_told_apart_is_not(groups):
    assert components(groups) is None


def test_seeds_that_differ_by_less_than_samples_have_no_share():
    found = components([[0.0, 1.0], [1.0, 0.0], [0.2, 0.9]])
    assert (found.between, found.share[0]) == (0.0, 0.0)
    assert components([[1.0, 1.0], [2.0, 2.0]]).share == (1.0, 1.0, 1.0)


def test_the_deviations_interval_is_that_of_the_chi_square():
    values = np.random.default_rng(5).normal(size=7)
    middle, low, high = deviation(values)
    for end, tail in ((low, 0.025), (high, 0.975)):
        np.testing.assert_allclose(stats.chi2.sf(6 * values.var(ddof=1) / end**2, 6), tail)
    assert deviation([1.0]) is None
    assert low < middle < high
