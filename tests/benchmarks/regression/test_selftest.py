import json

import numpy as np
import pytest
from scipy import stats

from benchmarks import interleaved
from benchmarks.regression.__main__ import main
from benchmarks.regression.counting import clopper_pearson, dearest_phases, outcome
from benchmarks.regression.judge import judge
from benchmarks.regression.measures import paired_quantities, table_of
from benchmarks.regression.selftest import (
    DELAYS,
    Size,
    draw,
    live_checks,
    live_plan,
    long_sides,
    resampled,
)
from tests.benchmarks.regression.conftest import imitated, json_cases

SIZE = Size(("dcgan",), 10, 10, 2, 4, 60, (2, 1, 1))


def test_the_blocks_of_a_check_come_from_as_many_launches_as_a_check_has() -> None:
    random, launches = np.random.default_rng(0), [0] * 5 + [1] * 5 + [2] * 5
    seen = set()
    for _ in range(200):
        indices = draw(launches, 2, 8, random)
        assert len(indices) == 16
        assert len({launches[index] for index in indices[:8]}) == 1
        seen |= {*indices}
    assert seen == set(range(15))


def test_delays_are_found_and_placed_and_equal_code_is_left_alone() -> None:
    recording = imitated(long_sides(json_cases()), 10, 4)
    same, five, ten = resampled(recording, SIZE, 0)
    assert (same.kind, same.checks, same.found, same.placed) == ("same code", 60, 0, 0)
    assert [(each.kind, each.found, each.placed) for each in (five, ten)] == [("+5 %", 60, 60), ("+10 %", 60, 60)]
    assert resampled(recording, SIZE, 0) == [same, five, ten]


def test_a_false_alarm_is_counted_from_either_of_two_equal_sides() -> None:
    """Where the "same" code is dearer after all, half of the checks have it on the new side."""
    recording = imitated(long_sides(json_cases()), 10, 4, factors={"same code": 1.06})
    assert resampled(recording, SIZE, 0)[0].found == 30


@pytest.mark.parametrize("phase", ["generator", "discriminator"])
def test_the_dearest_phase_is_named_for_each_case(phase) -> None:
    cases = json_cases()
    sides = [interleaved.Side("base", cases), interleaved.Side("new", cases, delay={phase: 0.1})]
    verdicts = judge(paired_quantities(table_of(imitated(sides, 15)), "base", "new"))
    assert dearest_phases(verdicts) == {"dcgan/bce": phase, "dcgan/lsgan": phase}
    assert outcome(verdicts, phase) == (True, True, 1.0)
    assert outcome(verdicts, "optimisers") == (True, False, 1.0)
    assert outcome([], phase) == (False, False, 0.0)


def test_live_checks_are_whole_recordings_with_the_kinds_in_turn() -> None:
    asked = []

    def measure(sides):
        asked.append(dict(sides[1].delay))
        return imitated(sides, 15, seed=len(asked))

    found = list(live_checks(json_cases(), SIZE, measure))
    assert found == [
        ("same code", (False, False, 0.0)),
        ("+5 %", (True, True, 1.0)),
        ("+10 %", (True, True, 1.0)),
        ("same code", (False, False, 0.0)),
    ]
    assert asked == [{}, {"generator": 0.05}, {"generator": 0.1}, {}]
    plan = live_plan((8, 6, 6))
    assert len(plan) == 20
    for delay in DELAYS:
        assert sorted(phase for kind, phase in plan if kind == delay) == ["discriminator"] * 3 + ["generator"] * 3


def test_the_binomial_interval_is_clopper_and_pearsons() -> None:
    assert clopper_pearson(0, 1000) == pytest.approx((0.0, 1 - 0.025 ** (1 / 1000)))
    low, high = clopper_pearson(17, 20)
    assert stats.binom.sf(16, 20, low) == pytest.approx(0.025)
    assert stats.binom.cdf(17, 20, high) == pytest.approx(0.025)


def test_the_command_prints_a_row_for_each_kind_and_writes_the_counts(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setattr(interleaved, "record", imitated)
    assert main(["selftest", "--quick", "--out", str(tmp_path / "counts.json")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["checks", *["resampled"] * 3, *["live"] * 2]
    counts = json.loads((tmp_path / "counts.json").read_text())
    assert [(each["how"], each["kind"], each["found"]) for each in counts] == [
        ("resampled", "same code", 0),
        ("resampled", "+5 %", 100),
        ("resampled", "+10 %", 100),
        ("live", "same code", 0),
        ("live", "+10 %", 1),
    ]
