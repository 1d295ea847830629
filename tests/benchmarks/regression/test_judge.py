import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.regression.judge import (
    FASTER,
    MISSING,
    NEW,
    NOT_JUDGED,
    PHASE,
    RATIO,
    REGRESSED,
    SAME,
    STEP,
    Quantity,
    judge,
)
from benchmarks.regression.measures import paired_quantities, table_of, with_launches
from benchmarks.regression.ranks import holm, least_blocks, paired_shift, rank_sum, signed_rank, unpaired_shift
from tests.benchmarks.regression.conftest import hand_made


def quantity(base, new, case: str = "dcgan/bce", measure: str = "step", kind: str = STEP, **more) -> Quantity:
    return Quantity(case, measure, kind, tuple(base), tuple(new), **more)


def noisy(random: np.random.Generator, factor: float = 1.0, blocks: int = 30, noise: float = 0.01, **more) -> Quantity:
    drift = np.exp(random.normal(0, 0.2, blocks))  # of the machine: common to both sides of a block
    base, new = (drift * np.exp(random.normal(0, noise, blocks)) for _ in range(2))
    return quantity(base, factor * new, **more)


def test_equal_code_hardly_ever_regresses_even_without_a_threshold() -> None:
    random = np.random.default_rng(0)
    checks = [[noisy(random, case=f"case {index}") for index in range(10)] for _ in range(500)]
    alarms = sum(any(verdict.fails for verdict in judge(check, threshold=0.0)) for check in checks)
    assert alarms <= 12  # at most 1 % by Holm: 5 of 500 expected, 13 or more once in 500 such tests
    assert not any(verdict.fails for check in checks for verdict in judge(check))


@pytest.mark.parametrize(("factor", "status"), [(1.05, REGRESSED), (1 / 1.05, FASTER), (1.0, SAME), (1.015, SAME)])
def test_a_step_that_is_five_percent_dearer_regresses_and_a_cheaper_one_is_faster(factor, status) -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        (verdict,) = judge([noisy(random, factor, noise=0.004)])
        assert verdict.status == status
        assert verdict.ratio == pytest.approx(factor, abs=0.01)
        assert verdict.low < verdict.ratio < verdict.high
        assert verdict.fails == (status == REGRESSED)


def test_a_difference_below_half_of_the_threshold_is_none() -> None:
    verdicts = [
        judge([noisy(np.random.default_rng(5), 1.014, noise=0.002)], threshold)[0] for threshold in (0.03, 0.01)
    ]
    assert [verdict.status for verdict in verdicts] == [SAME, REGRESSED]
    assert [verdict.p > 0.5 for verdict in verdicts] == [True, False]


def test_worse_alone_is_no_regression() -> None:
    random = np.random.default_rng(2)
    base, new = np.exp(random.normal(0, 0.5, (2, 12)))
    (verdict,) = judge([quantity(base, new * 1.05)], threshold=0.0)
    assert verdict.status == SAME
    assert verdict.p is not None
    assert verdict.p > 0.01


def test_the_interval_holds_the_true_ratio_nineteen_times_in_twenty() -> None:
    random = np.random.default_rng(3)
    verdicts = [judge([noisy(random, 1.02)])[0] for _ in range(500)]
    held = sum(verdict.low <= 1.02 <= verdict.high for verdict in verdicts)
    assert 0.92 <= held / 500 <= 0.98


def test_holms_correction_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04; the last may not fall below 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_correction_counts_all_that_is_judged_in_a_check() -> None:
    random = np.random.default_rng(4)
    slower = quantity([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6], [1.1, 1.2, 1.4, 1.5, 1.6, 1.7, 1.9])
    assert judge([slower])[0].p == pytest.approx(2**-7)
    assert judge([slower])[0].status == REGRESSED
    others = [noisy(random, case=f"case {index}", blocks=7) for index in range(2)]
    verdict = judge([slower, *others])[0]
    assert verdict.p == pytest.approx(3 * 2**-7)
    assert verdict.status == SAME


def test_the_hodges_lehmann_shift_by_hand() -> None:
    shift, low, high = paired_shift(np.array([[1.0, 2.0, 9.0], [4.0, 4.0, 4.0]]))
    assert shift.tolist() == [3.5, 4.0]  # the median of 1, 1.5, 2, 5, 5.5, 9
    assert (low[0], high[0]) == (1.0, 9.0)
    assert unpaired_shift(np.array([1.0, 2.0, 10.0]), np.array([4.0, 6.0]))[0] == 2.5  # of 3, 5, 2, 4, -6, -4


def test_the_ends_of_the_paired_interval_agree_with_scipys_test() -> None:
    """A shift outside the interval is one that the two-sided signed-rank test refuses at 5 %."""
    values = np.random.default_rng(5).normal(size=40)
    _, low, high = (float(each[0]) for each in paired_shift(values[None]))
    for end, outwards in ((low, -1), (high, 1)):
        beyond = stats.wilcoxon(values - (end + 0.03 * outwards), method="asymptotic").pvalue
        within = stats.wilcoxon(values - (end - 0.03 * outwards), method="asymptotic").pvalue
        assert beyond < 0.06
        assert within > 0.04
        assert beyond < within


def test_tests_of_rows_are_those_of_each_row_and_ties_and_zeros_are_taken() -> None:
    rows = np.random.default_rng(6).normal(0.3, 1, (3, 20))
    above, below = signed_rank(rows)
    for index, row in enumerate(rows):
        assert above[index] == pytest.approx(stats.wilcoxon(row, alternative="greater", method="exact").pvalue)
        assert below[index] == pytest.approx(stats.wilcoxon(row, alternative="less", method="exact").pvalue)
    for blocks in (5, 13, 30, 60):
        above, below = signed_rank(np.stack([np.zeros(blocks), np.ones(blocks), np.repeat([-1.0, 1.0], blocks)[::2]]))
        assert above[0] > 0.3
        assert below[0] > 0.3
        assert above[1] < 0.05
        assert below[1] > 0.95
        assert above[2] > 0.3
    worse, better = rank_sum(np.array([1.0, 1.0, 2.0]), np.array([1.0, 3.0, 3.0]))
    assert 0 < worse < 0.5 < better < 1


def test_too_few_blocks_are_known_beforehand() -> None:
    for count in (1, 7, 35):
        blocks = least_blocks(count, 0.01)
        assert count * 2.0**-blocks < 0.01 <= count * 2.0 ** -(blocks - 1)


def test_a_stored_baseline_is_compared_without_pairs() -> None:
    random = np.random.default_rng(7)
    base, new = np.exp(random.normal(0, 0.01, 60)), 1.05 * np.exp(random.normal(0, 0.01, 30))
    verdict, same = judge([quantity(base, new, paired=False), quantity(base, new / 1.05, "other", paired=False)])
    assert verdict.status == REGRESSED
    assert verdict.ratio == pytest.approx(1.05, abs=0.005)
    assert same.status == SAME


def test_small_phases_are_shown_not_judged_and_cost_the_others_nothing() -> None:
    random = np.random.default_rng(8)
    small = noisy(random, 1.5, measure="data", kind=PHASE, share=0.02)
    step = noisy(random, 1.05)
    shown, judged = judge([small, step])
    assert (shown.status, shown.p, shown.fails) == (NOT_JUDGED, None, False)
    assert shown.ratio == pytest.approx(1.5, abs=0.02)
    assert judged == judge([step])[0]


def test_what_only_one_side_has_is_missing_or_new() -> None:
    gone, added = quantity([1.0], []), quantity([], [1.0])
    phase, never = quantity([1.0], [], kind=PHASE, measure="penalty"), quantity([0.0], [1.0])
    verdicts = judge([gone, added, phase, never])
    assert [verdict.status for verdict in verdicts] == [MISSING, NEW, NOT_JUDGED, NOT_JUDGED]
    assert [verdict.fails for verdict in verdicts] == [True, False, False, False]
    assert judge([]) == []


def test_a_ratio_that_grew_because_the_reference_became_faster_is_excused() -> None:
    random = np.random.default_rng(9)
    ratio = noisy(random, 1.1, case="dcgan/lsgan", measure="step / bce", kind=RATIO, relative_to="dcgan/bce")
    faster, same, slower = (noisy(random, factor, noise=0.003) for factor in (1 / 1.1, 1.0, 1.1))
    own = noisy(random, 1.0, case="dcgan/lsgan", noise=0.003)
    dearer = noisy(random, 1.1, case="dcgan/lsgan", noise=0.003)
    assert judge([faster, own, ratio])[2].status == NOT_JUDGED
    assert judge([faster, dearer, ratio])[2].status == REGRESSED
    assert judge([same, own, ratio])[2].status == REGRESSED
    assert judge([slower, own, ratio])[2].status == REGRESSED


def test_a_ratio_is_as_many_times_dearer_as_it_says() -> None:
    verdict = judge([quantity([1.0] * 12, [2.0] * 12)])[0]
    assert (verdict.ratio, verdict.low, verdict.high) == pytest.approx((2.0, 2.0, 2.0))
    assert math.isclose(verdict.p or 1, 2.0**-12)


@pytest.mark.parametrize("paired", [True, False])
def test_one_dear_launch_of_several_is_no_regression(paired: bool) -> None:
    random = np.random.default_rng(0)
    base = np.exp(random.normal(0, 0.002, 24))
    noise = np.exp(random.normal(0, 0.002, 24))
    launches = tuple(index // 8 for index in range(24))
    dear = np.where(np.array(launches) < 2, 1.08, 1.0)

    def status(factors: np.ndarray, known: tuple[int, ...]) -> str:
        new = tuple(base * noise * factors)
        quantity = Quantity("dcgan/bce", STEP, STEP, tuple(base), new, paired=paired, launches=known)
        return judge([quantity])[0].status

    if paired:  # independent samples show it less clearly
        assert status(dear, ()) == REGRESSED  # where launches are not known
    assert status(dear, launches) == SAME
    assert status(np.full(24, 1.05), launches) == REGRESSED
    assert status(1 / dear, launches) == SAME
    assert status(np.full(24, 0.95), launches) == FASTER


def test_new_values_have_the_launches_of_their_blocks() -> None:
    recording = hand_made({"dcgan/bce": {side: {"step": [1.0, 2.0, 3.0, 4.0]} for side in ("base", "new")}}, launches=2)
    (quantity,) = with_launches(paired_quantities(table_of(recording), "base", "new"), recording)
    assert quantity.launches == (0, 0, 1, 1)
