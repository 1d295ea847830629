"""Every loss against plain-Python closed forms, value and slope."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from gan_losses.losses import LOSSES, get_loss, slope
from gan_losses.losses.cross_entropy import softplus


def sp(value: float) -> float:
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def sigma(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > 0 else math.exp(value) / (1 + math.exp(value))


Formula = Callable[[float], float]
# name -> (D on a real logit, D on a fake logit, G on a fake logit, G's slope)
FORMULAS: dict[str, tuple[Formula, Formula, Formula, Formula]] = {
    "bce": (lambda r: sp(-r), sp, lambda f: sp(-f), lambda f: -sigma(-f)),
    "minimax": (lambda r: sp(-r), sp, lambda f: -sp(f), lambda f: -sigma(f)),
    "lsgan": (lambda r: (r - 1) ** 2 / 2, lambda f: f**2 / 2, lambda f: (f - 1) ** 2 / 2, lambda f: f - 1),
    "wgan": (lambda r: -r, lambda f: f, lambda f: -f, lambda f: -1.0),
    "wgangp": (lambda r: -r, lambda f: f, lambda f: -f, lambda f: -1.0),
}
logits = st.lists(st.floats(-60, 60), min_size=1, max_size=7)


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def tensor(values: list[float]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64).unsqueeze(1)


def close(actual: torch.Tensor, expected: float | list[float]) -> None:
    wanted = torch.tensor(expected, dtype=torch.float64)
    assert_close(actual.squeeze(), wanted.squeeze(), rtol=1e-12, atol=1e-12)


def test_every_loss_has_a_formula_here() -> None:
    assert set(FORMULAS) == set(LOSSES)


@pytest.mark.parametrize("name", FORMULAS)
@given(real=logits, fake=logits)
def test_discriminator_loss_is_the_formula(name: str, real: list[float], fake: list[float]) -> None:
    on_real, on_fake, _, _ = FORMULAS[name]
    expected = mean([on_real(r) for r in real]) + mean([on_fake(f) for f in fake])
    close(get_loss(name).discriminator(tensor(real), tensor(fake)), expected)


@pytest.mark.parametrize("name", FORMULAS)
@given(fake=logits)
def test_generator_loss_and_slope_are_the_formulas(name: str, fake: list[float]) -> None:
    _, _, value, derivative = FORMULAS[name]
    close(get_loss(name).generator(tensor(fake)), mean([value(f) for f in fake]))
    close(slope(get_loss(name), tensor(fake)), [derivative(f) for f in fake])


@pytest.mark.parametrize("name", FORMULAS)
@given(real=logits, fake=logits)
def test_discriminator_slopes_are_the_numerical_derivative(name: str, real: list[float], fake: list[float]) -> None:
    on_real, on_fake, _, _ = FORMULAS[name]
    r, f = tensor(real).requires_grad_(), tensor(fake).requires_grad_()
    get_loss(name).discriminator(r, f).backward()
    step = 1e-4
    for values, gradient, formula in ((real, r.grad, on_real), (fake, f.grad, on_fake)):
        assert gradient is not None
        numerical = [(formula(v + step) - formula(v - step)) / (2 * step) for v in values]
        wanted = torch.tensor(numerical, dtype=torch.float64)
        assert_close(gradient.squeeze(1) * len(values), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", FORMULAS)
def test_a_patch_map_is_the_mean_over_all_elements(name: str) -> None:
    random = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 4, 1, 5, 5, generator=random, dtype=torch.float64)
    loss = get_loss(name)
    assert_close(loss.discriminator(real, fake), loss.discriminator(real.reshape(-1), fake.reshape(-1)))
    assert_close(loss.generator(fake), loss.generator(fake.reshape(-1, 1)))


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_and_gradients_stay_finite_at_extreme_logits(name: str, dtype: torch.dtype) -> None:
    extreme = torch.tensor([-60.0, -17.5, 17.5, 60.0], dtype=dtype, requires_grad=True)
    loss = get_loss(name)
    total = loss.discriminator(extreme, extreme) + loss.generator(extreme)
    total.backward()
    assert extreme.grad is not None
    assert torch.isfinite(total)
    assert torch.isfinite(extreme.grad).all()


def test_bce_keeps_its_full_slope_where_sigmoid_and_logarithm_lose_it() -> None:
    deep = torch.tensor([-60.0])
    assert_close(slope(get_loss("bce"), deep), torch.tensor([-1.0]))


@given(fake=logits)
def test_wgan_slope_is_the_sum_of_minimax_and_bce(fake: list[float]) -> None:
    values = tensor(fake)
    assert_close(slope(get_loss("wgan"), values), slope(get_loss("minimax"), values) + slope(get_loss("bce"), values))


def test_softplus_is_exact_above_twenty_where_torch_turns_linear() -> None:
    assert_close(
        softplus(torch.tensor(25.0, dtype=torch.float64)).item(), 25 + math.log1p(math.exp(-25)), rtol=1e-15, atol=0
    )
