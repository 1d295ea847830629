import itertools

import numpy as np
import pytest
from scipy import stats

from reports.multiplicity import max_t
from reports.power import pair_places
from reports.statistics import sign_flip_p
from tests.reports.nulls import NULLS, normal, one_apart

LEVEL = 0.05


def student(values):
    """|t| of one row, by scipy; the limits where it has none."""
    if not values.any():
        return 0.0
    if np.ptp(values) < 1e-12:
        return np.inf
    return abs(stats.ttest_1samp(values, 0).statistic)


def brute_force(rows):
    """Westfall and Young's algorithm as it is written, over all sign patterns, with Student's t."""
    rows = np.asarray(rows, dtype=float)
    observed = [student(row) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: -observed[place])
    flipped = [[student(row * signs) for row in rows] for signs in itertools.product([-1, 1], repeat=rows.shape[1])]
    adjusted, least = [0.0] * len(rows), 0.0
    for rank, place in enumerate(order):
        greatest = [max(found[other] for other in order[rank:]) for found in flipped]
        least = max(least, np.mean([each >= observed[place] * (1 - 1e-9) for each in greatest]))
        adjusted[place] = least
    return adjusted


def pairs_of(logs):
    first, second = pair_places(len(logs))
    return logs[first] - logs[second]


@pytest.mark.parametrize(("seeds", "losses"), [(2, 2), (5, 3), (6, 3), (6, 4)])
def test_the_adjusted_p_is_the_algorithms_over_all_sign_patterns(seeds, losses):
    random = np.random.default_rng([seeds, losses])
    rows = pairs_of(random.normal(size=(losses, seeds)) + 1.2 * np.arange(losses)[:, None])
    np.testing.assert_allclose(max_t(rows)[1], brute_force(rows), rtol=1e-12)


@pytest.mark.parametrize("seeds", [3, 8, 13, 14])
def test_a_rows_own_p_is_the_sign_flip_tests(seeds):
    rows = np.random.default_rng(seeds).normal(0.4, 1, size=(3, seeds))
    np.testing.assert_allclose(max_t(rows)[0], [sign_flip_p(row) for row in rows], rtol=1e-12)


def test_one_pair_needs_no_adjustment():
    rows = np.random.default_rng(1).normal(0.5, 1, size=(1, 9))
    np.testing.assert_array_equal(*max_t(rows))


def test_the_floor_does_not_depend_on_the_number_of_pairs():
    rows = np.vstack([np.full(8, 0.3), np.random.default_rng(0).normal(size=(40, 8))])
    assert max_t(rows)[1][0] == 2 / 2**8


def test_rows_without_spread_are_the_extremes():
    np.testing.assert_array_equal(max_t(np.zeros((2, 7))), np.ones((2, 2)))
    np.testing.assert_array_equal(max_t(np.full((2, 7), -0.1)), np.full((2, 2), 2 / 2**7))


def test_neither_the_order_nor_the_units_of_rows_matter():
    rows = np.random.default_rng(4).normal(0.5, 1, size=(6, 8))
    adjusted = max_t(rows)[1]
    np.testing.assert_array_equal(max_t(rows[::-1])[1], adjusted[::-1])
    np.testing.assert_array_equal(max_t(-1000 * rows[:, ::-1])[1], adjusted)


def test_a_seed_that_a_row_lacks_takes_no_part_in_it():
    row = np.array([0.5, 0.1, np.nan, 0.9, 0.4, -0.2, 0.3])
    alone, adjusted = max_t(row)
    np.testing.assert_allclose([alone[0], adjusted[0]], sign_flip_p(row[np.isfinite(row)]))
    np.testing.assert_array_equal(max_t([row, np.full(7, np.nan)])[1][1], 1.0)


def test_many_seeds_are_sampled_near_the_exact_value():
    rows = np.random.default_rng(7).normal(0.4, 1, size=(1, 16))
    exact = stats.permutation_test((rows[0],), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    np.testing.assert_allclose(max_t(rows)[0][0], exact, atol=4 * np.sqrt(exact / 20_000))
    assert max_t(np.ones((1, 40)))[1][0] == 1 / 20_001


@pytest.mark.parametrize("wrong", [[], [[np.inf, 1.0]], [[[1.0]]]])
def test_what_is_no_table_of_differences_is_refused(wrong):
    with pytest.raises(ValueError, match="were expected"):
        max_t(wrong)


def false_families(null, seeds, losses, suites):
    """How many of the suites have any false finding."""
    random, (first, _) = np.random.default_rng([seeds, losses]), pair_places(losses)
    none = np.array(first) > 0 if null is one_apart else np.ones(len(first), dtype=bool)
    return sum((max_t(pairs_of(null(random, losses, seeds)))[1][none] <= LEVEL).any() for _ in range(suites))


def assert_level(false, suites):
    assert false <= stats.binom.ppf(0.9999, suites, LEVEL), false / suites


@pytest.mark.parametrize("null", NULLS, ids=lambda null: null.__name__)
def test_a_family_without_differences_seldom_has_a_finding(null):
    assert_level(false_families(null, 8, 4, 1500), 1500)


def test_the_level_is_used_up():
    false = false_families(normal, 8, 3, 3000)
    assert false >= stats.binom.ppf(0.0001, 3000, 0.047), false / 3000


@pytest.mark.slow
@pytest.mark.parametrize("losses", [3, 6, 10])
@pytest.mark.parametrize("seeds", [6, 8, 12])
@pytest.mark.parametrize("null", NULLS, ids=lambda null: null.__name__)
def test_the_level_holds_for_all_numbers_of_seeds_and_losses(null, seeds, losses):
    assert_level(false_families(null, seeds, losses, 4000), 4000)
