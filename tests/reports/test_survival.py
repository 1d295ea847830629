import numpy as np
import pytest
from scipy import stats

from reports.survival import kaplan_meier


def times_of(seed, runs=12):
    random = np.random.default_rng(seed)
    return random.integers(1, 9, runs) * 50.0, random.random(runs) < 0.6


@pytest.mark.parametrize("seed", range(6))
def test_the_share_still_waiting_is_what_scipy_computes(seed):
    times, reached = times_of(seed)
    expected = stats.ecdf(stats.CensoredData.right_censored(times, ~reached)).sf
    found = kaplan_meier(times, reached)
    np.testing.assert_allclose(found.share, expected.evaluate(found.times), atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_the_restricted_mean_is_the_area_under_the_curve(seed):
    times, reached = times_of(seed)
    curve = stats.ecdf(stats.CensoredData.right_censored(times, ~reached)).sf
    fine = np.arange(0, 300, 0.5)
    np.testing.assert_allclose(kaplan_meier(times, reached).restricted_mean(300)[0], 0.5 * curve.evaluate(fine).sum())


def test_without_censoring_before_the_limit_the_interval_is_students():
    times, limit = np.array([100.0, 150, 200, 300, 350, 700, 700, 700]), 500.0
    mean, low, high = kaplan_meier(times, times < 700).restricted_mean(limit)
    cut = np.minimum(times, limit)
    np.testing.assert_allclose(mean, cut.mean())
    expected = stats.t.interval(0.95, 7, cut.mean(), stats.sem(cut))
    np.testing.assert_allclose((low, high), (expected[0], min(limit, expected[1])))


def test_a_target_that_nobody_reaches_has_no_median_and_no_interval():
    waiting = kaplan_meier([500, 500, 500], [False] * 3)
    assert (waiting.median, waiting.restricted_mean(500)) == (None, (500.0, None, None))


def test_the_median_is_when_half_are_through():
    assert kaplan_meier([1, 2, 3, 4], [True] * 4).median == 2
    assert kaplan_meier([1, 2, 3, 4], [True, False, False, False]).median is None
    assert kaplan_meier([7], [True]).restricted_mean(10) == (7.0, None, None)


def test_who_is_given_up_when_another_is_through_was_still_waiting():
    np.testing.assert_allclose(kaplan_meier([5, 5, 9], [True, False, True]).share, [2 / 3, 0.0])


@pytest.mark.parametrize(("times", "reached"), [([], []), ([1.0], [True, False])])
def test_times_without_words_are_refused(times, reached):
    with pytest.raises(ValueError, match="were expected"):
        kaplan_meier(times, reached)
