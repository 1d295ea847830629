import pytest

from benchmarks.regression.judge import PHASE, RATIO, STEP
from benchmarks.regression.measures import paired_quantities, reference_of, stored_quantities, table_of
from tests.benchmarks.regression.conftest import hand_made


def two_cases() -> dict:
    return {
        "dcgan/bce": {
            "base": {"step": [2.0, 4.0], "generator": [1.0, 2.0], "data": [0.1, 0.2]},
            "new": {"step": [3.0, 6.0], "generator": [1.5, 3.0], "data": [0.1, 0.2]},
        },
        "dcgan/lsgan": {
            "base": {"step": [4.0, 4.0], "generator": [1.0, 1.0]},
            "new": {"step": [6.0, 6.0], "penalty": [1.0, 1.0]},
        },
    }


def test_a_table_holds_one_median_per_block() -> None:
    assert table_of(hand_made(two_cases())) == two_cases()


def test_steps_phases_and_ratios_to_bce_are_paired_by_block() -> None:
    found = {(each.case, each.measure): each for each in paired_quantities(two_cases(), "base", "new")}
    step, data = found["dcgan/bce", "step"], found["dcgan/bce", "data"]
    assert (step.kind, step.base, step.new, step.share, step.paired) == (STEP, (2.0, 4.0), (3.0, 6.0), 1.0, True)
    assert (data.kind, data.share) == (PHASE, pytest.approx(0.05))
    ratio = found["dcgan/lsgan", "step / bce"]
    assert (ratio.kind, ratio.base, ratio.new) == (RATIO, (2.0, 1.0), (2.0, 1.0))
    assert ratio.relative_to == "dcgan/bce" == reference_of("dcgan/lsgan")
    assert ("dcgan/bce", "step / bce") not in found
    assert (found["dcgan/lsgan", "generator"].new, found["dcgan/lsgan", "penalty"].base) == ((), ())


def test_without_the_reference_there_is_no_ratio_to_it() -> None:
    only = {"dcgan/lsgan": two_cases()["dcgan/lsgan"]}
    assert {each.kind for each in paired_quantities(only, "base", "new")} == {STEP, PHASE}


def session(step: float, textbook: float = 10.0, case: str = "dcgan/bce") -> dict:
    ours = {"step": [step, step], "generator": [step / 2] * 2}
    return {case: {"textbook": {"step": [textbook, textbook]}, "ours": ours}}


def test_stored_times_are_shares_of_the_textbooks_step() -> None:
    found = {each.measure: each for each in stored_quantities([session(5.0), session(6.0)], session(8.0, 20.0), False)}
    assert set(found) == {"step / textbook", "generator / textbook"}
    assert found["step / textbook"].base == (0.5, 0.5, 0.6, 0.6)
    assert found["step / textbook"].new == (0.4, 0.4)
    assert (found["generator / textbook"].share, found["generator / textbook"].paired) == (0.5, False)


def test_where_clocks_hold_still_the_seconds_are_judged_as_well() -> None:
    found = {each.measure: each for each in stored_quantities([session(5.0)], session(8.0), True)}
    assert set(found) == {"step", "generator", "step / textbook", "generator / textbook"}
    assert (found["step"].base, found["step"].new, found["step"].seconds) == ((5.0, 5.0), (8.0, 8.0), True)


def test_coverage_of_a_baseline_is_seen_both_ways() -> None:
    before = {**session(5.0), **session(7.0, case="dcgan/wgangp")}
    now = {**session(5.0), **session(6.0, case="dcgan/lsgan")}
    found = {(each.case, each.measure): each for each in stored_quantities([before], now, False)}
    assert found["dcgan/wgangp", "step / textbook"].new == ()
    assert found["dcgan/lsgan", "step / textbook"].base == ()
    assert found["dcgan/wgangp", "step / bce"].new == ()
