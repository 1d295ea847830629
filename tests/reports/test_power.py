import time

import numpy as np
import pytest

from reports import power
from reports.power_table import CONSTANTS, LOSSES, SEEDS


@pytest.mark.parametrize(("seeds", "losses"), [(6, 3), (8, 2), (8, 3), (10, 4), (12, 3)])
def test_a_shift_of_the_constant_is_found_in_four_suites_of_five(seeds, losses):
    """In other suites than those that the table was made from."""
    share = power.found(power.constant(seeds, losses), seeds, losses, 1500, seed=99)
    np.testing.assert_allclose(share, 0.8, atol=0.045)  # 4 standard errors of 1,500 suites


@pytest.mark.slow
@pytest.mark.parametrize("losses", LOSSES[:-1])
@pytest.mark.parametrize("seeds", SEEDS[:-2])
def test_every_entry_of_the_table_is_found_in_four_suites_of_five(seeds, losses):
    share = power.found(power.constant(seeds, losses), seeds, losses, 1000, seed=99)
    np.testing.assert_allclose(share, 0.8, atol=0.07)


def test_two_losses_are_as_far_apart_as_students_test_would_have_them():
    """Many seeds: the power of a two-sided test of 5 % at z = 1.96 + 0.84."""
    np.testing.assert_allclose(power.constant(30, 2) * np.sqrt(30), 1.96 + 0.8416, rtol=0.05)


def test_between_entries_the_constant_is_never_too_small():
    assert power.constant(7, 5) == power.constant(7, 6)
    assert power.constant(13, 3) == power.constant(12, 3)
    assert power.constant(5, 3) is None


def test_beyond_the_table_it_falls_like_the_standard_error():
    np.testing.assert_allclose(power.constant(120, 3), power.constant(30, 3) / 2)


def test_more_seeds_see_more_and_more_losses_less():
    table = np.array(CONSTANTS)
    assert table.shape == (len(SEEDS), len(LOSSES))
    assert (np.diff(table, axis=0) < 0).all()
    assert (np.diff(table, axis=1) > 0).all()


def test_the_simulation_finds_the_tables_entry():
    np.testing.assert_allclose(power.simulate(6, 2, 400, seed=5), power.constant(6, 2), rtol=0.12)


def test_beyond_the_table_it_grows_as_a_simulation_says_and_takes_no_time_for_thousands_of_pairs():
    row = power.SEEDS.index(6)
    np.testing.assert_allclose(power.extrapolated(row, 40), power.simulate(6, 40, 100), rtol=0.12)
    begin = time.perf_counter()
    several = [power.constant(12, losses) for losses in (20, 100, 1000)]
    assert sorted(several) == several
    assert several[1] == power.extrapolated(power.SEEDS.index(12), 100)
    assert time.perf_counter() - begin < 1  # a simulation of these takes hours
