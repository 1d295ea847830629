"""Optimal discriminators on known densities, and the divergence that each loss then is, by independent references."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.spatial.distance import cityblock, jensenshannon
from scipy.special import rel_entr
from scipy.stats import chisquare, entropy, wasserstein_distance
from torch import Tensor

from gan_losses.losses import LOSSES, GANLoss, divergences, get_loss

Array = NDArray[np.float64]
LOG2 = math.log(2)

# L_D at D* for p = N(0, 1) and q = N(d, 1) by quadrature; of the f-divergences, closed forms of two Gaussians.
SHIFTS = (0, 1, 2, 4)
GAUSSIANS = {
    "bce": (1.386294, 1.163451, 0.712633, 0.120854),
    "minimax": (1.386294, 1.163451, 0.712633, 0.120854),
    "lsgan": (0.25, 0.198986, 0.112400, 0.0171494),
    "lsgan-pearson": (1.0, 0.795946, 0.449600, 0.0685974),
    "hinge": (2.0, 1.234150, 0.634621, 0.0910005),
    "jensen-shannon": (0.0, -2 * 0.111421, -2 * 0.336831, -2 * 0.632720),
    "kl": tuple(-(d**2) / 2 for d in SHIFTS),
    "reverse-kl": tuple(-(d**2) / 2 for d in SHIFTS),
    "pearson": tuple(1 - math.exp(d**2) for d in SHIFTS),
    "hellinger": tuple(2 * math.exp(-(d**2) / 8) - 2 for d in SHIFTS),
}


def gaussians(shift: float) -> tuple[Tensor, Tensor, Tensor]:
    """A fine grid, and both densities on it."""
    grid = torch.linspace(-12, 12 + shift, 50_001, dtype=torch.float64)
    real, fake = (torch.exp(-((grid - middle) ** 2) / 2) / math.sqrt(2 * math.pi) for middle in (0, shift))
    return grid, real, fake


def terms(loss: GANLoss, logits: Tensor) -> tuple[Tensor, Tensor]:
    """What each logit costs as a real and as a fake one, but for a constant that is given to the fakes."""
    zero = torch.zeros_like(logits)
    cost = torch.vmap(loss.discriminator)
    return cost(logits, zero) - cost(zero, zero), cost(zero, logits)


@pytest.mark.parametrize("text", GAUSSIANS)
@pytest.mark.parametrize("shift", SHIFTS)
def test_two_gaussians_have_the_known_optimal_loss(text: str, shift: int) -> None:
    loss, (grid, real, fake) = get_loss(text), gaussians(shift)
    on_real, on_fake = terms(loss, loss.optimum(real, fake))
    found = torch.trapezoid(real * on_real + fake * on_fake, grid).item()
    assert found == pytest.approx(GAUSSIANS[text][SHIFTS.index(shift)], rel=1e-8, abs=1e-5)


@pytest.mark.parametrize(("shift", "distance"), [(0, 0), (1, 0.408109), (2, 1.100801), (4, 1.862805)])
def test_centred_least_squares_give_the_generator_pearsons_distance(shift: int, distance: float) -> None:
    grid, real, fake = gaussians(shift)

    def twice_the_objective(loss: GANLoss) -> float:  # with the paper's term of real images
        cost = torch.vmap(loss.generator)(loss.optimum(real, fake))
        return torch.trapezoid(2 * (real + fake) * cost, grid).item()

    assert twice_the_objective(get_loss("lsgan:-1:1:0")) == pytest.approx(distance, abs=1e-5)
    assert twice_the_objective(get_loss("lsgan:0:1:1")) != pytest.approx(distance, abs=0.01)


def label_entropy(p: Array, q: Array, on_real: float, on_fake: float) -> float:
    share = (on_real * p + on_fake * q) / (p + q)
    return float(((p + q) * entropy([share, 1 - share])).sum())


def label_variance(p: Array, q: Array, width: float, flip: float) -> float:
    share = ((1 - flip) * p + flip * q) / (p + q)
    return float(((p + q) * share * (1 - share)).sum() * width**2 / 2)


def shannon(p: Array, q: Array) -> float:
    return float(jensenshannon(p, q) ** 2)


# What the user types -> L_D at D* from p and q, by scipy and numpy alone.
DIVERGENCES = {
    "bce": lambda p, q: 2 * LOG2 - 2 * shannon(p, q),
    "minimax": lambda p, q: 2 * LOG2 - 2 * shannon(p, q),
    "bce:flip=1": lambda p, q: 2 * LOG2 - 2 * shannon(p, q),
    "bce:0.9": lambda p, q: label_entropy(p, q, 0.9, 0.0),
    "minimax:0.9:0.2": lambda p, q: label_entropy(p, q, 0.9, 0.2),
    "bce:flip=0.2": lambda p, q: label_entropy(p, q, 0.8, 0.2),
    "minimax:0.9:0.1:0.25": lambda p, q: label_entropy(p, q, 0.75 * 0.9 + 0.25 * 0.1, 0.75 * 0.1 + 0.25 * 0.9),
    "lsgan": lambda p, q: label_variance(p, q, 1, 0),
    "lsgan:-1:1:0": lambda p, q: label_variance(p, q, 2, 0),
    "lsgan-pearson": lambda p, q: label_variance(p, q, 2, 0),
    "lsgan:0.1:0.9:0.5": lambda p, q: label_variance(p, q, 0.8, 0),
    "lsgan:flip=0.3": lambda p, q: label_variance(p, q, 1, 0.3),
    "lsgan:-1:2:0:0.9": lambda p, q: label_variance(p, q, 3, 0.9),
    "hinge": lambda p, q: 2 * np.minimum(p, q).sum(),
    "kl": lambda p, q: -rel_entr(p, q).sum(),
    "kl:saturating=no": lambda p, q: -rel_entr(p, q).sum(),
    "reverse-kl": lambda p, q: -rel_entr(q, p).sum(),
    "reverse-kl:saturating=no": lambda p, q: -rel_entr(q, p).sum(),
    "pearson": lambda p, q: -chisquare(p, q).statistic,
    "pearson:saturating=no": lambda p, q: -chisquare(p, q).statistic,
    "hellinger": lambda p, q: 2 * np.sqrt(p * q).sum() - 2,
    "hellinger:saturating=no": lambda p, q: 2 * np.sqrt(p * q).sum() - 2,
    "jensen-shannon": lambda p, q: -2 * shannon(p, q),
    "jensen-shannon:saturating=no": lambda p, q: -2 * shannon(p, q),
}
# How often each of K points comes up as real and as fake.
Counts = list[tuple[int, int]]
BY_HAND: list[Counts] = [
    [(1, 1), (1, 1), (1, 1)],
    [(1, 18), (1, 1), (18, 1)],
    [(6, 3), (3, 6), (1, 1), (5, 5)],
    [(2, 7), (9, 1), (4, 4), (3, 5), (2, 3)],
    [(20, 1), (1, 20), (10, 10), (5, 2), (2, 5), (1, 3)],
]
counts = st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20)), min_size=3, max_size=6)


def probabilities(points: Counts) -> tuple[Tensor, Tensor]:
    numbers = torch.tensor(points, dtype=torch.float64)
    real, fake = (numbers / numbers.sum(0)).T
    return real, fake


def expected_loss(loss: GANLoss, logits: Tensor, points: Counts) -> Tensor:
    """L_D of one logit per point, by a batch that has each point as often as the counts say; over all label flips."""
    real, fake = (logits.repeat_interleave(torch.tensor(numbers)) for numbers in zip(*points, strict=True))
    return (1 - loss.flip) * loss.discriminator(real, fake) + loss.flip * loss.discriminator(fake, real)


def check_optimum(text: str, points: Counts) -> None:
    loss, (real, fake) = get_loss(text), probabilities(points)
    best = loss.optimum(real, fake)
    lowest = expected_loss(loss, best, points).item()
    assert lowest == pytest.approx(DIVERGENCES[text](real.numpy(), fake.numpy()), rel=1e-10, abs=1e-10)
    assert lowest == pytest.approx(loss.optimal_loss(real, fake).item(), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("text", DIVERGENCES)
@pytest.mark.parametrize("points", BY_HAND)
def test_optimal_discriminator_reaches_the_divergence_that_the_loss_is(text: str, points: Counts) -> None:
    check_optimum(text, points)


@pytest.mark.parametrize("text", DIVERGENCES)
@settings(max_examples=25, deadline=None)
@given(points=counts)
def test_optimal_discriminator_reaches_it_on_any_distribution(text: str, points: Counts) -> None:
    check_optimum(text, points)


@pytest.mark.parametrize("text", DIVERGENCES)
@pytest.mark.parametrize("points", BY_HAND)
def test_no_step_away_from_the_optimal_discriminator_lowers_the_loss(text: str, points: Counts) -> None:
    loss = get_loss(text)
    best = loss.optimum(*probabilities(points))
    lowest = expected_loss(loss, best, points).item()
    directions = torch.randn(8, len(points), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for direction, size in itertools.product([*torch.eye(len(points)), *directions], (1e-3, 0.03, 1.0)):
        for sign in (-1, 1):
            away = expected_loss(loss, best + sign * size * direction, points).item()
            assert away >= lowest - 1e-12
            assert away > lowest + 1e-9 or text == "hinge"  # flat between the margins where p = q


def test_all_losses_that_declare_an_optimum_are_examined() -> None:
    half = torch.tensor([0.5, 0.5], dtype=torch.float64)
    declaring = {name for name in LOSSES if get_loss(name).optimum(half, half) is not None}
    assert declaring == {name for name in LOSSES if get_loss(name).optimal_loss(half, half) is not None}
    assert declaring == {text.partition(":")[0] for text in DIVERGENCES}
    assert declaring == set(GAUSSIANS)


@pytest.mark.parametrize("text", ["dragan", *(f"{text}+r1" for text in DIVERGENCES)])
def test_a_penalty_moves_the_optimum_so_none_is_declared(text: str) -> None:
    half = torch.tensor([0.5, 0.5], dtype=torch.float64)
    assert get_loss(text).optimum(half, half) is None
    assert get_loss(text).optimal_loss(half, half) is None


def best_potential(points: Array, cost: Array) -> Array:
    """The 1-Lipschitz function on sorted points that minimises Σ cost · D, with D = 0 at the first."""
    steps = np.diff(np.eye(len(points)), axis=0)
    gaps = np.diff(points)
    bounds = [(0, 0), *[(None, None)] * (len(points) - 1)]
    found = linprog(cost, np.vstack([steps, -steps]), np.concatenate([gaps, gaps]), bounds=bounds)
    assert found.success
    return np.asarray(found.x)


@settings(max_examples=40, deadline=None)
@given(points=counts, gaps=st.lists(st.floats(0.01, 5), min_size=6, max_size=6))
def test_the_best_lipschitz_critic_of_wgan_measures_the_earth_movers_distance(
    points: Counts, gaps: list[float]
) -> None:
    wgan, places = get_loss("wgan"), np.cumsum(gaps)[: len(points)]
    logits = torch.zeros(len(points), dtype=torch.float64, requires_grad=True)
    (cost,) = torch.autograd.grad(expected_loss(wgan, logits, points), logits)  # L_D is linear in D
    critic = torch.from_numpy(best_potential(places, cost.numpy()))
    real, fake = (numbers.numpy() for numbers in probabilities(points))
    expected = wasserstein_distance(places, places, real, fake)
    assert -expected_loss(wgan, critic, points).item() == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("shift", SHIFTS)
def test_two_gaussians_lie_as_far_apart_as_their_means_to_wgan(shift: int) -> None:
    grid, real, fake = gaussians(shift)
    on_real, on_fake = terms(get_loss("wgan"), -grid)  # slope -1: the Kantorovich potential
    assert -torch.trapezoid(real * on_real + fake * on_fake, grid).item() == pytest.approx(shift, abs=1e-5)


def largest_difference(p: Array, q: Array) -> float:
    """Total variation by its definition: over all events."""
    events = itertools.product([False, True], repeat=len(p))
    return max(abs(p[list(event)].sum() - q[list(event)].sum()) for event in events)


@settings(max_examples=40, deadline=None)
@given(points=counts)
def test_divergences_are_those_of_scipy(points: Counts) -> None:
    real, fake = probabilities(points)
    p, q = real.numpy(), fake.numpy()
    expected = {
        divergences.kullback_leibler: entropy(p, q),
        divergences.jensen_shannon: shannon(p, q),
        divergences.pearson: chisquare(p, q).statistic,
        divergences.hellinger: 2 - 2 * np.sqrt(p * q).sum(),
        divergences.total_variation: cityblock(p, q) / 2,
    }
    for divergence, value in expected.items():
        assert divergence(real, fake).item() == pytest.approx(value, rel=1e-9, abs=1e-12), divergence.__name__
    assert divergences.total_variation(real, fake).item() == pytest.approx(largest_difference(p, q), abs=1e-12)


def test_divergences_of_distributions_apart_are_at_their_upper_ends() -> None:
    left = torch.tensor([0.3, 0.7, 0.0, 0.0], dtype=torch.float64)
    right = left.flip(0)
    assert divergences.kullback_leibler(left, right).item() == math.inf
    assert divergences.pearson(left, right).item() == math.inf
    assert divergences.jensen_shannon(left, right).item() == pytest.approx(LOG2, abs=1e-12)
    assert divergences.hellinger(left, right).item() == pytest.approx(2, abs=1e-12)
    assert divergences.total_variation(left, right).item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", ["kullback_leibler", "jensen_shannon", "pearson", "hellinger", "total_variation"])
def test_divergences_of_a_distribution_from_itself_are_zero(name: str) -> None:
    same = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    assert getattr(divergences, name)(same, same).item() == pytest.approx(0, abs=1e-15)


def test_points_that_data_never_visits_cost_nothing_in_kullback_leibler() -> None:
    real, fake = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.25, 0.25, 0.5])
    assert divergences.kullback_leibler(real, fake).item() == pytest.approx(LOG2, abs=1e-6)
