"""The expected best of k against enumeration, and the interval against worlds in which the truth is known."""

import itertools

import numpy as np
import pytest

from reports.best_of import expected_best, expected_best_interval, shown_tries
from reports.statistics import LEVEL
from tests.reports.simulated_tunings import band, resampled, simulate, truths

SCORES = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0]
TUNINGS, COUNT = 400, 8


@pytest.mark.parametrize("tries", range(1, len(SCORES) + 1))
def test_it_is_the_mean_lowest_of_all_subsets(tries: int) -> None:
    by_hand = np.mean([min(part) for part in itertools.combinations(SCORES, tries)])
    np.testing.assert_allclose(expected_best(SCORES, tries), by_hand, rtol=1e-12)


def test_equal_scores_and_single_ones_are_no_case_of_their_own() -> None:
    assert expected_best([2.0], 1) == 2.0
    np.testing.assert_allclose([expected_best([2.0, 2.0, 5.0], k) for k in (1, 2, 3)], [3.0, 2.0, 2.0], rtol=1e-12)


def test_it_is_unbiased_where_the_published_form_is_too_high() -> None:
    random, n, k = np.random.default_rng(0), 8, 6
    truth = 1 / (k + 1)  # the lowest of k uniform numbers
    worlds = np.sort(random.random((20_000, n)), axis=1)
    ranks = np.arange(1, n + 1)
    published = worlds @ (((n - ranks + 1) / n) ** k - ((n - ranks) / n) ** k)
    ours = np.array([expected_best(world, k) for world in worlds])
    error = ours.std() / np.sqrt(len(ours))
    assert abs(ours.mean() - truth) < 4 * error
    assert published.mean() - truth > 20 * error


def test_a_thousand_trials_are_no_matter() -> None:
    values = np.random.default_rng(0).random(1000)
    found = [expected_best(values, k) for k in (1, 2, 500, 999, 1000)]
    assert found == sorted(found, reverse=True)
    np.testing.assert_allclose([found[0], found[-1]], [values.mean(), values.min()], rtol=1e-12)
    low, high = expected_best_interval(values, 500, 1.0, 0.0)
    assert low is not None
    assert 0 <= low < 1 / 501 < high < 0.1


@pytest.mark.parametrize(("scores", "tries"), [([], 1), ([1.0, np.inf], 1), ([1.0, np.nan], 1), ([1.0], 0), ([1.0], 2)])
def test_what_has_no_expectation_is_refused(scores: list[float], tries: int) -> None:
    with pytest.raises(ValueError, match="expected"):
        expected_best(scores, tries)


def test_scores_beyond_the_ends_are_refused() -> None:
    for ceiling, floor in ((2.0, None), (9.0, 2.0)):
        with pytest.raises(ValueError, match="scores from"):
            expected_best_interval([1.0, 3.0], 1, ceiling, floor)


def integral(scores: list[float], tries: int, floor: float, ceiling: float, band: float) -> tuple[float, float]:
    """Both ends by summing the band of the distribution over a fine grid."""
    grid = np.linspace(floor, ceiling, 200_001)
    share = (np.array(scores)[:, None] <= grid).mean(axis=0)
    low, high = ((1 - np.clip(share + sign * band, 0, 1)) ** tries for sign in (1, -1))
    return floor + np.trapezoid(low, grid), floor + np.trapezoid(high, grid)


@pytest.mark.parametrize("tries", [1, 2, 5, 7])
def test_the_interval_is_the_band_put_into_the_integral(tries: int) -> None:
    # The 97.5 % point of the one-sided statistic for 7 values, from Smirnov's formula rather than from scipy.
    def exceeds(reach: float) -> float:
        return sum(
            reach
            * np.prod([(7 - i) / (i + 1) for i in range(j)])
            * (reach + j / 7) ** (j - 1)
            * (1 - reach - j / 7) ** (7 - j)
            for j in range(int(7 * (1 - reach)) + 1)
        )

    low, high = 0.3, 0.7
    for _ in range(60):
        low, high = ((low + high) / 2, high) if exceeds((low + high) / 2) > 0.025 else (low, (low + high) / 2)
    expected = integral(SCORES, tries, 0.5, 12.0, low)
    np.testing.assert_allclose(expected_best_interval(SCORES, tries, 12.0, 0.5), expected, rtol=1e-3)


def test_a_band_holds_the_expectation_and_without_a_floor_its_lower_end_is_open() -> None:
    for tries in range(1, 8):
        low, high = expected_best_interval(SCORES, tries, 9.0, 0.0)
        assert low is not None
        assert low < expected_best(SCORES, tries) < high
        assert expected_best_interval(SCORES, tries, 9.0) == (None, high)
        narrow = expected_best_interval(SCORES, tries, 9.0, 0.0, level=0.5)
        assert narrow[0] is not None
        assert low < narrow[0] < narrow[1] < high


def test_the_interval_keeps_its_word_and_the_bootstrap_does_not() -> None:
    random = np.random.default_rng(0)
    made = simulate("a quarter fail", COUNT, TUNINGS, random)
    for tries in (1, COUNT):
        truth = truths("a quarter fail", tries, made.ceilings, random)
        held, bootstrap = (
            np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1]))
            for ends in (band(made, tries), resampled(made, tries, random))
        )
        assert held >= LEVEL
    assert bootstrap < 0.7


def test_the_shown_k_end_with_the_number_of_trials() -> None:
    assert [shown_tries(count) for count in (1, 2, 3, 16)] == [[1], [1, 2], [1, 2, 3], [1, 2, 4, 8, 16]]
