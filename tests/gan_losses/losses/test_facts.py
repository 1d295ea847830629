"""Equilibria, optima and recipes that the losses declare."""

import math
from dataclasses import FrozenInstanceError

import pytest
import torch
from scipy.integrate import quad
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.losses import LOSSES, LSGAN, get_loss
from gan_losses.penalties import GradientPenalty

# -> losses.md of the literature: L_D at the optimal D for p = N(0, 1), q = N(d, 1), to 1e-5
OPTIMAL_VALUES = {
    "bce": {0: 1.386294, 1: 1.163451, 2: 0.712633, 4: 0.120854},
    "minimax": {0: 1.386294, 1: 1.163451, 2: 0.712633, 4: 0.120854},
    "lsgan": {0: 0.25, 1: 0.198986, 2: 0.112400, 4: 0.0171494},
}
PEARSON = {0: 1.0, 1: 0.795946, 2: 0.449600, 4: 0.0685974}


def density(x: float, mean: float) -> float:
    return math.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi)


def optimal_value(loss: object, shift: float) -> float:
    """L_D* by integration: the loss's own D* put into the loss's own L_D, point by point."""

    def integrand(x: float) -> float:
        p, q = (torch.tensor([density(x, mean)], dtype=torch.float64) for mean in (0.0, shift))
        best = loss.optimum(p, q)  # type: ignore[attr-defined]
        zero = torch.zeros_like(best)
        both = loss.discriminator(zero, zero)  # type: ignore[attr-defined]
        on_real = loss.discriminator(best, zero) - both  # type: ignore[attr-defined]
        on_fake = loss.discriminator(zero, best) - both  # type: ignore[attr-defined]
        return float(p * on_real + q * on_fake)

    constant = loss.discriminator(torch.zeros(1), torch.zeros(1)).item()  # type: ignore[attr-defined]
    return constant + quad(integrand, -12, 12 + shift, limit=200)[0]


@pytest.mark.parametrize(
    ("name", "shift"), [(name, shift) for name in OPTIMAL_VALUES for shift in OPTIMAL_VALUES[name]]
)
def test_optimal_discriminator_reaches_the_known_value(name: str, shift: int) -> None:
    assert optimal_value(get_loss(name), shift) == pytest.approx(OPTIMAL_VALUES[name][shift], abs=1e-5)


@pytest.mark.parametrize("shift", PEARSON)
def test_pearson_labels_reach_the_known_value(shift: int) -> None:
    assert optimal_value(LSGAN(-1, 1, 0), shift) == pytest.approx(PEARSON[shift], abs=1e-5)


@pytest.mark.parametrize(
    ("name", "logit", "discriminator", "generator"),
    [
        ("bce", 0.0, 2 * math.log(2), math.log(2)),
        ("minimax", 0.0, 2 * math.log(2), -math.log(2)),
        ("lsgan", 0.5, 0.25, 0.125),
    ],
)
def test_equilibrium_is_the_loss_at_the_constant_optimum(
    name: str, logit: float, discriminator: float, generator: float
) -> None:
    loss, constant = get_loss(name), torch.full((3, 1), logit, dtype=torch.float64)
    assert loss.equilibrium.discriminator == pytest.approx(discriminator, abs=1e-12)
    assert loss.equilibrium.generator == pytest.approx(generator, abs=1e-12)
    assert_close(loss.discriminator(constant, constant).item(), discriminator)
    assert_close(loss.generator(constant).item(), generator)
    assert loss.boundary == logit


@pytest.mark.parametrize("name", ["wgan", "wgangp"])
def test_a_critic_rests_at_zero_and_its_generator_nowhere(name: str) -> None:
    assert get_loss(name).equilibrium.discriminator == 0.0
    assert get_loss(name).equilibrium.generator is None
    assert get_loss(name).boundary is None


def test_published_recipes_are_the_papers() -> None:
    wgan, wgangp, bce = (get_loss(name).published for name in ("wgan", "wgangp", "bce"))
    assert (wgan.optimizer, wgan.learning_rate, wgan.n_critic) == ("rmsprop", 5e-5, 5)
    assert (wgangp.learning_rate, wgangp.betas, wgangp.n_critic) == (1e-4, (0.0, 0.9), 5)
    assert wgangp.discriminator_norm != "batch"
    assert (bce.learning_rate, bce.betas, bce.n_critic, bce.discriminator_norm) == (2e-4, (0.5, 0.999), 1, "batch")


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_frozen_equal_and_hashable(name: str) -> None:
    loss = get_loss(name)
    assert loss == get_loss(name)
    assert hash(loss) == hash(get_loss(name))
    with pytest.raises(FrozenInstanceError):
        loss.c = 3.0  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_answers_to_its_name(name: str) -> None:
    assert get_loss(name).name == name


def test_wgan_clips_and_wgangp_penalises_instead() -> None:
    assert get_loss("wgan").clip == 0.01
    assert get_loss("wgangp").clip is None
    assert get_loss("wgangp").penalties == (GradientPenalty(10.0),)  # type: ignore[attr-defined]
    assert not get_loss("wgangp").allows_batch_norm


def test_a_penalty_joins_any_loss() -> None:
    loss = get_loss("lsgan+gp:3")
    assert loss.penalties == (GradientPenalty(3.0),)  # type: ignore[attr-defined]
    assert loss.name == "lsgan+gp:3"
    assert loss.published.discriminator_norm == "none"
    assert loss.equilibrium == get_loss("lsgan").equilibrium


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lsgna", "did you mean 'lsgan'"),
        ("bce+gq", "did you mean 'gp'"),
        ("bce+gp:x", "expected a positive weight"),
        ("bce+gp:-1", "expected a positive weight"),
        ("bce+gp:inf", "expected a positive weight"),
        ("wgangp+gp", "already has a penalty"),
        ("", "unknown loss"),
    ],
)
def test_wrong_names_get_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        get_loss(name)
