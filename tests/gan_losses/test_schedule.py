import itertools

import pytest

from gan_losses.schedule import SCHEDULES, rate_factor


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_rates_begin_whole_and_never_rise_or_fall_below_0(schedule: str) -> None:
    factors = [rate_factor(schedule, index, 20) for index in range(20)]
    assert factors[0] == 1.0
    assert all(after <= before for before, after in itertools.pairwise(factors))
    assert factors[-1] > 0


def test_the_linear_one_falls_evenly_over_the_second_half() -> None:
    assert [rate_factor("linear", index, 8) for index in range(8)] == [1, 1, 1, 1, 1, 0.75, 0.5, 0.25]


def test_the_one_that_decays_falls_evenly_from_the_start() -> None:
    assert [rate_factor("decay", index, 4) for index in range(4)] == [1, 0.75, 0.5, 0.25]


def test_none_is_constant() -> None:
    assert {rate_factor("none", index, 8) for index in range(8)} == {1.0}
