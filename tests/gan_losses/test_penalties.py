"""The gradient penalty against hand formulas on discriminators whose gradient is known."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.penalties import GradientPenalty, input_gradient, interpolate


def linear(weight: Tensor, patches: int = 1) -> nn.Module:
    layer = nn.Linear(weight.numel(), patches, bias=False).double()
    with torch.no_grad():
        layer.weight.copy_(weight.expand(patches, -1))
    return nn.Sequential(nn.Flatten(), layer)


def images(count: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    real, fake = torch.randn(2, count, 2, 3, 3, generator=random, dtype=torch.float64)
    return real, fake


@pytest.mark.parametrize("count", [1, 5, 16])
@pytest.mark.parametrize("patches", [1, 9])
def test_on_a_linear_discriminator_it_is_the_weights_norm_whatever_the_batch_and_patches(
    count: int, patches: int
) -> None:
    weight = torch.linspace(-1, 1, 18, dtype=torch.float64)
    penalty = GradientPenalty(10.0)(linear(weight, patches), *images(count), torch.Generator())
    assert_close(penalty, 10 * (weight.norm() - 1) ** 2, rtol=1e-12, atol=1e-12)


def test_its_weight_gradient_is_the_closed_form() -> None:
    weight = torch.linspace(-1, 2, 18, dtype=torch.float64)
    network = linear(weight)
    GradientPenalty(10.0)(network, *images(4), torch.Generator()).backward()
    expected = 20 * (weight.norm() - 1) * weight / weight.norm()
    assert_close(network[1].weight.grad.squeeze(0), expected, rtol=1e-12, atol=1e-12)  # type: ignore[union-attr,index]


def test_norms_are_taken_per_sample_before_the_average() -> None:
    real = torch.tensor([[1.0], [3.0]], dtype=torch.float64)

    def half_square(points: Tensor) -> Tensor:  # gradient x: norms 1 and 3
        return points.square().sum(1) / 2

    penalty = GradientPenalty(1.0)(half_square, real, real, torch.Generator())
    assert_close(penalty.item(), ((1 - 1) ** 2 + (3 - 1) ** 2) / 2)


def test_at_a_constant_discriminator_it_is_the_weight_with_a_finite_gradient() -> None:
    network = linear(torch.zeros(18, dtype=torch.float64))
    penalty = GradientPenalty(10.0)(network, *images(4), torch.Generator())
    penalty.backward()
    assert penalty.item() == 10.0
    assert_close(network[1].weight.grad, torch.zeros(1, 18, dtype=torch.float64))  # type: ignore[index]


def test_each_sample_has_its_own_point_between_real_and_fake() -> None:
    real, fake = torch.ones(64, 1, 4, 4), torch.zeros(64, 1, 4, 4)
    points = interpolate(real, fake, torch.Generator().manual_seed(0))
    weights = points.flatten(1)
    assert_close(weights, weights[:, :1].expand_as(weights))
    assert len(weights[:, 0].unique()) == 64
    assert weights.min() >= 0
    assert weights.max() < 1


def test_draws_come_from_the_given_generator_alone() -> None:
    real, fake = images(8)
    state = torch.get_rng_state()
    first, second, other = (interpolate(real, fake, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_input_gradient_works_under_no_grad_and_leaves_images_alone() -> None:
    real, _ = images(2)
    with torch.no_grad():
        gradient = input_gradient(linear(torch.ones(18, dtype=torch.float64)), real)
    assert_close(gradient, torch.ones_like(real))
    assert not real.requires_grad


def test_second_derivatives_are_right() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(18, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    real, fake = images(3)

    def penalty(weight: Tensor) -> Tensor:
        def discriminator(points: Tensor) -> Tensor:
            parameters = {"1.weight": weight}
            return torch.func.functional_call(network, parameters, (points,))

        return GradientPenalty(10.0)(discriminator, real, fake, torch.Generator().manual_seed(0))

    weight = network[1].weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(penalty, (weight,))
