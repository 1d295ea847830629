import math

import numpy as np
import pytest
import torch
from scipy.stats import binom, entropy

from gan_losses.metrics.modes import kl_by_chance, kl_to_uniform, seen, seen_by_chance
from gan_losses.random import keyed_generator


def drawn(count, modes, key=0):
    return torch.randint(modes, (count,), generator=keyed_generator(0, "test/modes", key))


@pytest.mark.parametrize(("met", "of"), [(1, 1000), (10, 1000), (250, 1000), (1000, 1000)])
def test_equal_shares_of_some_modes_have_the_logarithm_of_their_ratio(met, of):
    numbers = torch.arange(met).repeat(7)
    assert kl_to_uniform(numbers, of) == pytest.approx(math.log(of / met), abs=1e-12)
    assert seen(numbers) == met


def test_it_is_the_divergence_that_scipy_has():
    numbers = drawn(500, 40).square() % 40
    shares = np.bincount(numbers.numpy(), minlength=40) / 500
    assert kl_to_uniform(numbers, 40) == pytest.approx(entropy(shares, np.full(40, 1 / 40)), abs=1e-12)


def test_of_nothing_it_is_undefined():
    assert math.isnan(kl_to_uniform(torch.empty(0, dtype=torch.int64), 10))
    assert seen(torch.empty(0, dtype=torch.int64)) == 0


@pytest.mark.parametrize(("draws", "modes"), [(1, 5), (7, 3), (300, 50)])
def test_what_chance_does_is_the_binomial_sum(draws, modes):
    times = np.arange(draws + 1)
    terms = modes * binom.pmf(times, draws, 1 / modes) * times / draws
    expected = (terms[1:] * np.log(modes * times[1:] / draws)).sum()
    assert kl_by_chance(draws, modes) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert seen_by_chance(draws, modes) == pytest.approx(modes * (1 - binom.pmf(0, draws, 1 / modes)), rel=1e-12)


def test_perfect_draws_have_what_chance_does_on_average():
    sets = [drawn(300, 50, key) for key in range(400)]
    kls, met = np.array([kl_to_uniform(each, 50) for each in sets]), np.array([seen(each) for each in sets])
    # Four standard errors of the mean.
    assert abs(kls.mean() - kl_by_chance(300, 50)) < 4 * kls.std() / 20
    assert abs(met.mean() - seen_by_chance(300, 50)) < 4 * met.std() / 20


def test_many_draws_have_half_the_modes_over_the_draws():
    assert kl_by_chance(26_000, 1000) == pytest.approx(999 / 52_000, rel=0.01)
