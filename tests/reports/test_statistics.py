import itertools

import numpy as np
import pytest
from scipy import stats

from reports.statistics import DRAWS, coverage, log_ratios, sign_flip_interval, sign_flip_p, spread, wilson


def brute_force_p(values):
    observed = abs(sum(values)) / len(values)
    means = [abs(sum(s * v for s, v in zip(signs, values, strict=True))) / len(values) for signs in signs_of(values)]
    return sum(mean >= observed - 1e-12 for mean in means) / len(means)


def signs_of(values):
    return list(itertools.product([-1, 1], repeat=len(values)))


def brute_force_interval(values):
    sizes = range(1, len(values) + 1)
    means = sorted(sum(part) / size for size in sizes for part in itertools.combinations(values, size))
    rank = int(2 ** len(values) * 0.025)
    return (means[rank - 1], means[-rank]) if rank else None


@pytest.mark.parametrize("count", [1, 2, 5, 6, 8, 10])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_sign_flip_p_is_the_share_of_all_sign_patterns(count, seed):
    values = np.random.default_rng(seed).normal(0.4, 1, count)
    assert sign_flip_p(values) == brute_force_p(list(values))


def test_the_sign_flip_p_is_what_scipy_computes():
    values = np.random.default_rng(3).normal(0.5, 1, 9)
    result = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=np.inf)
    np.testing.assert_allclose(sign_flip_p(values), result.pvalue)


def test_equal_values_and_rounding_do_not_lose_a_pattern():
    assert sign_flip_p([0.1] * 8) == 2 / 2**8
    assert sign_flip_p([0.0] * 8) == 1.0


@pytest.mark.parametrize("count", [6, 7, 8, 10])
def test_the_interval_is_made_of_the_subset_means(count):
    values = np.random.default_rng(count).normal(size=count)
    np.testing.assert_allclose(sign_flip_interval(values), brute_force_interval(list(values)), rtol=1e-12)


@pytest.mark.parametrize("count", [6, 8, 10])
def test_the_interval_inverts_the_test(count):
    values = np.random.default_rng(count).normal(0.3, 1, count)
    low, high = sign_flip_interval(values)
    least = 1 - coverage(count)
    assert sign_flip_p(values - low - 1e-6) > least
    assert sign_flip_p(values - high + 1e-6) > least
    assert sign_flip_p(values - low + 1e-6) <= least
    assert sign_flip_p(values - high - 1e-6) <= least


@pytest.mark.parametrize("count", [1, 3, 5])
def test_there_is_no_interval_for_fewer_than_six(count):
    assert sign_flip_interval(np.arange(count)) is None
    assert coverage(count) is None


def test_the_coverage_is_at_least_95_percent():
    for count in range(6, 15):
        rank = int(2**count * 0.025)
        assert coverage(count) == 1 - 2 * rank / 2**count >= 0.95


def test_many_pairs_are_sampled_with_a_seed():
    values = np.random.default_rng(0).normal(0.2, 1, 20)
    assert sign_flip_p(values) == sign_flip_p(values)
    signs = 2 * (np.arange(2**20)[:, None] >> np.arange(20) & 1) - 1
    exact = (np.abs(signs @ values) >= abs(values.sum()) - 1e-9).mean()
    assert abs(sign_flip_p(values) - exact) < 0.02
    low, high = sign_flip_interval(values)
    ends = stats.t.interval(0.95, 19, values.mean(), stats.sem(values))
    np.testing.assert_allclose([low, high], ends, atol=0.15)
    assert sign_flip_p(np.full(20, 1.0)) >= 1 / (DRAWS + 1)


def test_log_ratios_leave_out_what_has_no_logarithm():
    np.testing.assert_allclose(
        log_ratios([2.0, 0.0, -1.0, np.nan, 1.0], [1.0, 1.0, 1.0, 1.0, 0.0]), [np.log(2), *[np.nan] * 4]
    )


@pytest.mark.parametrize("values", [[], [np.nan, 1.0], [[1.0]]])
def test_values_that_are_no_differences_are_refused(values):
    with pytest.raises(ValueError, match="finite differences"):
        sign_flip_p(values)


def test_the_spread_is_median_and_quartiles_of_the_finite_values():
    values = [3.0, 1.0, np.inf, 2.0, 7.0]
    np.testing.assert_allclose(spread(values), np.percentile([1, 2, 3, 7], [50, 25, 75]))
    assert np.isnan(spread([])).all()


def test_the_wilson_interval_is_that_of_scipy():
    for events, count in ((0, 1), (1, 1), (3, 8), (0, 8), (8, 8), (81, 263)):
        expected = stats.binomtest(events, count).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson(events, count), (expected.low, expected.high), atol=1e-12)


@pytest.mark.parametrize(("events", "count"), [(0, 0), (2, 1), (-1, 3)])
def test_events_that_are_not_among_the_trials_are_refused(events, count):
    with pytest.raises(ValueError, match="were expected"):
        wilson(events, count)
