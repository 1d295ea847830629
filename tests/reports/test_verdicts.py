import numpy as np
import pytest
from scipy import stats

from reports.statistics import sign_flip_interval
from reports.verdicts import BETTER, EQUIVALENT, FEW, UNDECIDED, WORSE, Verdict, judge

NAN = float("nan")


def suite(shifts, seeds=8, spread=0.05, seed=0):
    """Log qualities: a level per seed, shared by all losses, a shift per loss and noise."""
    random = np.random.default_rng(seed)
    level = random.normal(2, 1, seeds)
    return {name: list(level + shift + random.normal(0, spread, seeds)) for name, shift in shifts.items()}


def only(values, *args, **options):
    [verdict] = judge(values, *args, **options)
    return verdict


def test_a_loss_that_is_lower_at_every_seed_is_better_and_the_other_worse():
    logs = suite({"a": 0.0, "b": 0.5})
    there, back = only(logs), only(dict(reversed(logs.items())))
    assert (there.word, back.word) == (BETTER, WORSE)
    assert there.p == there.p_adjusted == 2 / 2**8
    np.testing.assert_allclose(there.ratio, stats.gmean(np.exp(np.subtract(logs["a"], logs["b"]))))
    np.testing.assert_allclose(
        [back.ratio, back.low, back.high90], 1 / np.array([there.ratio, there.high, there.low90])
    )
    turned = there.turned()
    assert (turned.first, turned.word, turned.p_adjusted) == (back.first, back.word, back.p_adjusted)
    np.testing.assert_allclose([turned.ratio, turned.high, turned.low90], [back.ratio, back.high, back.low90])


def test_the_ends_invert_the_sign_flip_test_of_the_logarithms():
    logs = suite({"a": 0.0, "b": 0.1}, seeds=9)
    differences, verdict = np.subtract(logs["a"], logs["b"]), only(logs)
    np.testing.assert_allclose((verdict.low, verdict.high), np.exp(sign_flip_interval(differences)))
    np.testing.assert_allclose((verdict.low90, verdict.high90), np.exp(sign_flip_interval(differences, 0.9)))


def test_equivalent_is_said_of_an_interval_within_the_margin_alone():
    logs = suite({"a": 0.0, "b": 0.0}, seeds=12, spread=0.03)
    verdict = only(logs)
    assert (verdict.word, verdict.within) == (EQUIVALENT, True)
    tight = max(verdict.high90, 1 / verdict.low90) - 1
    assert only(logs, margin=tight * 1.0001).word == EQUIVALENT
    assert only(logs, margin=tight * 0.9999).word == UNDECIDED


def test_a_large_p_alone_is_no_tie():
    verdict = only(suite({"a": 0.0, "b": 0.0}, spread=0.5, seed=1))
    assert verdict.p_adjusted > 0.3
    assert verdict.word == UNDECIDED


def test_what_differs_by_less_than_the_margin_is_better_all_the_same():
    verdict = only(suite({"a": 0.0, "b": 0.04}, seeds=12, spread=0.01))
    assert (verdict.word, verdict.within) == (BETTER, True)


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_fewer_than_six_seeds_are_too_few_however_clear(seeds):
    verdict = only(suite({"a": 0.0, "b": 5.0}, seeds=seeds))
    assert (verdict.word, verdict.n, verdict.low, verdict.smallest) == (FEW, seeds, None, None)
    assert (verdict.low90 is None) == (seeds < 5)


def test_six_seeds_can_be_enough():
    assert only(suite({"a": 0.0, "b": 5.0}, seeds=6)).word == BETTER


def test_more_losses_ask_for_more_evidence():
    logs = suite({"a": 0.0, "b": 0.09, **{f"c{i}": 0.0 for i in range(7)}}, spread=0.08, seed=1)
    alone, among = only({name: logs[name] for name in "ab"}), judge(logs)[0]
    assert alone.word == BETTER
    assert (among.first, among.second, among.word) == ("a", "b", UNDECIDED)
    assert (among.p, among.ratio, among.low) == (alone.p, alone.ratio, alone.low)
    assert among.p_adjusted > alone.p_adjusted
    assert among.smallest > alone.smallest


def test_what_all_losses_share_at_a_seed_does_not_matter():
    logs = suite({"a": 0.0, "b": 0.1, "c": 0.2})
    moved = {name: list(np.add(values, 10.0 * np.arange(8))) for name, values in logs.items()}
    for before, after in zip(judge(logs), judge(moved), strict=True):
        assert before.word == after.word
        np.testing.assert_allclose(before.p_adjusted, after.p_adjusted)
        np.testing.assert_allclose((before.ratio, before.smallest), (after.ratio, after.smallest), rtol=1e-9)


def test_the_smallest_ratio_is_found_in_most_suites_that_have_it():
    found = 0
    for seed in range(400):
        logs = suite({"a": 0.0, "b": 0.0, "c": 0.0}, spread=0.1, seed=seed)
        seen = judge(logs)[0].smallest
        logs["a"] = list(np.add(logs["a"], np.log(seen) + np.mean(logs["b"]) - np.mean(logs["a"])))
        found += judge(logs)[0].word == WORSE
    assert found / 400 >= 0.8 - 4 * np.sqrt(0.16 / 400)


def test_a_failure_counts_as_the_worst_and_the_survivors_stand_beside():
    logs = suite({"a": 0.0, "b": 0.3})
    logs["a"][3] = NAN
    verdict = only(logs, worst=5.0)
    scored = max(5.0, *(value for row in logs.values() for value in row if value == value))
    filled = {"a": [scored if value != value else value for value in logs["a"]], "b": logs["b"]}
    np.testing.assert_allclose(verdict.ratio, only(filled).ratio)
    assert (verdict.word, verdict.failed, verdict.n) == (UNDECIDED, (1, 0), 8)
    kept = {name: [value for place, value in enumerate(row) if place != 3] for name, row in logs.items()}
    survivors = verdict.survivors
    assert (survivors.word, survivors.n, survivors.failed) == (BETTER, 7, (0, 0))
    np.testing.assert_allclose((survivors.ratio, survivors.low), (only(kept).ratio, only(kept).low))


def test_a_failure_is_never_better_than_the_worst_value_of_the_family():
    logs = suite({"a": 0.0, "b": 0.0, "c": 9.0})
    logs["a"][0] = NAN
    np.testing.assert_allclose(judge(logs)[0].ratio, judge(logs, worst=-5.0)[0].ratio)
    assert judge(logs)[0].ratio > 1


def test_a_loss_that_always_fails_is_worse():
    logs = suite({"a": 0.0, "b": 0.3})
    verdict = only({**logs, "b": [NAN] * 8}, worst=9.0)
    assert (verdict.word, verdict.failed) == (BETTER, (0, 8))
    assert (verdict.survivors.n, verdict.survivors.word, verdict.survivors.ratio) == (0, FEW, None)


def test_two_losses_that_always_fail_tie_and_are_not_called_equivalent():
    verdict = only({"a": [NAN] * 8, "b": [NAN] * 8})
    assert (verdict.word, verdict.ratio, verdict.p_adjusted) == (UNDECIDED, 1.0, 1.0)


def test_a_seed_that_was_not_run_is_no_failure():
    logs = suite({"a": 0.0, "b": 0.3})
    there = {"a": [True] * 8, "b": [True] * 6 + [False] * 2}
    verdict = only({**logs, "b": [*logs["b"][:6], NAN, NAN]}, present=there)
    short = only({name: values[:6] for name, values in logs.items()})
    assert (verdict.n, verdict.failed, verdict.survivors) == (6, (0, 0), None)
    np.testing.assert_allclose((verdict.ratio, verdict.p), (short.ratio, short.p))


def test_losses_that_share_no_seed_have_no_verdict():
    half = [True] * 4 + [False] * 4
    verdict = only(suite({"a": 0.0, "b": 1.0}), present={"a": half, "b": half[::-1]})
    assert (verdict.n, verdict.word, verdict.p, verdict.ratio) == (0, FEW, None, None)


def test_differences_have_no_margin_and_are_never_equivalent():
    same = {"a": [0.0, 0.1] * 4, "b": [0.1, 0.0] * 4}
    verdict = only(same, logarithmic=False)
    assert (verdict.word, verdict.ratio) == (UNDECIDED, 0.0)
    apart = {"a": [0.0, 0.1] * 4, "b": [-1.0, -0.9] * 4}
    assert (only(apart, logarithmic=False).word, only(apart, logarithmic=False).ratio) == (WORSE, 1.0)


def test_many_seeds_get_the_bootstraps_interval():
    logs = suite({"a": 0.0, "b": 0.1}, seeds=40, spread=0.2)
    differences, verdict = np.subtract(logs["a"], logs["b"]), only(logs)
    reach = stats.t.ppf(0.975, 39) * differences.std(ddof=1) / np.sqrt(40)
    expected = np.exp([differences.mean() - reach, differences.mean() + reach])
    np.testing.assert_allclose((verdict.low, verdict.high), expected, rtol=0.02)
    assert only({"a": [1.0] * 40, "b": [2.0] * 40}).low == np.exp(-1)


def test_one_loss_has_no_pair():
    assert judge(suite({"a": 0.0})) == []


@pytest.mark.parametrize(("values", "margin"), [({"a": [1.0], "b": [1.0, 2.0]}, 0.1), ({"a": [1.0], "b": [1.0]}, 0.0)])
def test_unlike_numbers_of_seeds_and_margins_of_nothing_are_refused(values, margin):
    with pytest.raises(ValueError, match="expected"):
        judge(values, margin)


def test_a_verdict_is_on_every_pair_once_in_order():
    pairs = [(verdict.first, verdict.second) for verdict in judge(suite({"x": 0, "y": 1, "z": 2}))]
    assert pairs == [("x", "y"), ("x", "z"), ("y", "z")]
    assert Verdict("x", "y", 3).turned().first == "y"
