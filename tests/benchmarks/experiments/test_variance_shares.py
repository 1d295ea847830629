from itertools import combinations, product

import numpy as np
import pytest

from benchmarks.experiments.variance_shares import (
    HIGHER,
    SEED,
    concordance,
    concordance_interval,
    share_intervals,
    shares,
)

NAMES = ["a", "b", "c"]


@pytest.fixture
def values():
    return np.random.default_rng(1).normal(size=(3, 2, 4, 2)) + np.arange(4)[:, None]


def by_regression(values):
    """Sums of squares by least squares on dummies, added in order: in a balanced design the order does not matter."""
    cells = list(product(*map(range, values.shape)))
    response = np.array([values[cell] for cell in cells])
    terms = [(place,) for place in range(3)] + list(combinations(range(3), 2)) + [(0, 1, 2)]
    design, left, found = [np.ones(len(cells))], ((response - response.mean()) ** 2).sum(), {}
    total = left
    for term in terms:
        every = product(*(range(values.shape[place]) for place in term))
        chosen = [[tuple(cell[place] for place in term) == levels for cell in cells] for levels in every]
        design.extend(np.array(chosen, dtype=float))
        matrix = np.column_stack(design)
        fitted = matrix @ np.linalg.lstsq(matrix, response, rcond=None)[0]
        rest = ((response - fitted) ** 2).sum()
        found[" × ".join(NAMES[place] for place in term)] = (left - rest) / total
        left = rest
    found[HIGHER] = found.pop("a × b × c")
    return {**found, SEED: left / total}


def test_shares_are_those_of_least_squares(values):
    found, expected = shares(values, NAMES), by_regression(values)
    assert found.keys() == expected.keys()
    np.testing.assert_allclose([found[name] for name in expected], list(expected.values()), atol=1e-12)
    np.testing.assert_allclose(sum(found.values()), 1)


def test_missing_trials_are_refused(values):
    values[0, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite values"):
        shares(values, NAMES)


def test_intervals_hold_what_is_there_and_narrow_with_less_noise(values):
    found, ends = shares(values, NAMES), share_intervals(values, NAMES, 200)
    assert ends["c"][0] < found["c"] < ends["c"][1]
    calm = np.broadcast_to(np.arange(4.0)[:, None], values.shape) + 1e-6 * values
    low, high = share_intervals(calm, NAMES, 50)["c"]
    np.testing.assert_allclose([low, high], 1, atol=1e-9)


def test_concordance_is_that_of_friedmans_test():
    from scipy.stats import friedmanchisquare

    values = np.random.default_rng(0).normal(size=(7, 4)) + np.arange(4)
    statistic = friedmanchisquare(*values.T).statistic
    np.testing.assert_allclose(concordance(values), statistic / (7 * 3))
    low, high = concordance_interval(values, 200)
    assert 0 <= low <= concordance(values) <= high <= 1


def test_intervals_hold_the_seeds_share_where_nothing_but_seeds_differs():
    values = np.random.default_rng(2).normal(size=(3, 4, 4, 2))
    found, ends = shares(values, NAMES), share_intervals(values, NAMES, 300)
    assert ends[SEED][0] < found[SEED] < ends[SEED][1]
    assert ends[HIGHER][0] <= found[HIGHER] <= ends[HIGHER][1]
