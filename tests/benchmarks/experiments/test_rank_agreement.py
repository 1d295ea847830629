import numpy as np
import pytest
from scipy.stats import friedmanchisquare, spearmanr

from benchmarks.experiments.rank_agreement import kendall_w, kendall_w_interval


@pytest.mark.parametrize("decimals", [6, 1, 0])
def test_w_is_friedmans_statistic_over_its_largest_value(decimals: int) -> None:
    table = np.random.default_rng(0).normal(size=(5, 12)).round(decimals)
    expected = friedmanchisquare(*table.T).statistic / (5 * 11)
    np.testing.assert_allclose(kendall_w(table), expected, rtol=1e-12)


def test_w_is_the_mean_spearman_correlation_shifted() -> None:
    table = np.random.default_rng(1).normal(size=(3, 9))
    mean = np.mean([spearmanr(table[one], table[other]).statistic for one, other in ((0, 1), (0, 2), (1, 2))])
    np.testing.assert_allclose(kendall_w(table), (2 * mean + 1) / 3, rtol=1e-12)


def test_one_tie_everywhere_has_no_agreement_to_speak_of() -> None:
    assert np.isnan(kendall_w([[1.0, 1.0], [2.0, 2.0]]))


def test_the_interval_holds_w_and_narrows_with_more_things() -> None:
    random = np.random.default_rng(2)
    ends = []
    for things in (6, 60):
        common = random.normal(size=things)
        table = common + 0.5 * random.normal(size=(3, things))
        low, high = kendall_w_interval(table)
        assert low <= kendall_w(table) <= high
        ends.append(high - low)
    assert ends[1] < 0.5 * ends[0]
