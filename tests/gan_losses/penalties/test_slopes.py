"""Penalties on D's slope against hand formulas, on discriminators whose slope is known."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.penalties import PENALTIES, SlopePenalty, get_penalty, input_gradient, interpolate
from tests.gan_losses.penalties.conftest import images, linear, update_of

# name -> (the penalty of a slope of size n for weight 1, its derivative by n)
BY_HAND: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "gp": (lambda n: (n - 1) ** 2, lambda n: 2 * (n - 1)),
    "lp": (lambda n: max(0.0, n - 1) ** 2, lambda n: 2 * max(0.0, n - 1)),
    "gp0": (lambda n: n**2 / 2, lambda n: n),
    "r1": (lambda n: n**2 / 2, lambda n: n),
    "r2": (lambda n: n**2 / 2, lambda n: n),
    "dragan": (lambda n: (n - 1) ** 2, lambda n: 2 * (n - 1)),
}
ROW = torch.linspace(-1, 2, 18, dtype=torch.float64)
exact = {"rtol": 1e-12, "atol": 1e-12}


def penalty_of(name: str, weight: float = 1.0) -> SlopePenalty:
    return get_penalty(f"{name}:{weight}")  # type: ignore[return-value]


class HalfSquare(nn.Module):
    """D(x) = ½‖x‖², whose slope is x."""

    def forward(self, points: Tensor) -> Tensor:
        return points.flatten(1).square().sum(1, keepdim=True) / 2


def test_every_slope_penalty_has_a_hand_formula() -> None:
    assert set(BY_HAND) == {name for name in PENALTIES if isinstance(get_penalty(name), SlopePenalty)}


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("size", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("weight", [10.0, 0.1])
def test_on_a_linear_discriminator_it_is_the_formula_of_the_weights_norm(name: str, size: float, weight: float) -> None:
    row = size * ROW / ROW.norm()
    found = penalty_of(name, weight)(update_of(linear(row[None]), *images(4)))
    assert_close(found.item(), weight * BY_HAND[name][0](size), **exact)


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("count", [1, 5, 16])
@pytest.mark.parametrize("patches", [1, 9])
def test_it_depends_neither_on_the_batch_nor_on_the_number_of_patches(name: str, count: int, patches: int) -> None:
    away = torch.randn(patches, 18, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    rows = ROW + away - away.mean(0)  # patches differ; their mean is the same
    found = penalty_of(name)(update_of(linear(rows), *images(count)))
    assert_close(found.item(), BY_HAND[name][0](ROW.norm().item()), **exact)


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("size", [0.5, 3.0])
def test_its_weight_gradient_is_the_closed_form(name: str, size: float) -> None:
    row = size * ROW / ROW.norm()
    network = linear(row[None])
    penalty_of(name, 10)(update_of(network, *images(4))).backward()
    assert_close(network[1].weight.grad.squeeze(0), 10 * BY_HAND[name][1](size) * row / size, **exact)


@pytest.mark.parametrize("name", BY_HAND)
def test_norms_are_taken_per_sample_before_the_average(name: str) -> None:
    penalty = penalty_of(name)
    real, fake = images(6)
    points = penalty.points(update_of(HalfSquare(), real, fake, seed=5))  # the slope at each is the point itself
    sizes = points.flatten(1).norm(dim=1).tolist()
    found = penalty(update_of(HalfSquare(), real, fake, seed=5))
    assert_close(found.item(), math.fsum(map(BY_HAND[name][0], sizes)) / 6, **exact)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gp", ((1 - 1) ** 2 + (3 - 1) ** 2) / 2),
        ("lp", (0 + (3 - 1) ** 2) / 2),
        ("gp0", (1 + 9) / 2 / 2),
        ("r1", (1 + 9) / 2 / 2),
        ("r2", (1 + 9) / 2 / 2),
    ],
)
def test_slopes_of_one_and_three_give_these_numbers(name: str, expected: float) -> None:
    same = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    assert_close(penalty_of(name)(update_of(HalfSquare(), same, same)).item(), expected, **exact)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("r1:2", (9 + 16 + 1 + 4) / 2),  # (2/2) E‖x‖², the real images (3, 4) and (1, 2)
        ("r2:2", (25 + 0 + 1 + 1) / 2),  # and the fake ones (5, 0) and (1, -1)
        ("r1:10", 5 * 15.0),
        ("r2:0.1", 0.05 * 13.5),
    ],
)
def test_r1_is_of_real_images_and_r2_of_fake_ones(name: str, expected: float) -> None:
    real, fake = torch.tensor([[[3.0, 4], [1, 2]], [[5, 0], [1, -1]]], dtype=torch.float64)
    assert_close(get_penalty(name)(update_of(HalfSquare(), real, fake)).item(), expected, **exact)


@pytest.mark.parametrize("name", BY_HAND)
def test_at_a_constant_discriminator_it_has_a_finite_gradient(name: str) -> None:
    network = linear(torch.zeros(1, 18, dtype=torch.float64))
    penalty = penalty_of(name, 10)(update_of(network, *images(4)))
    penalty.backward()
    assert penalty.item() == (10 if name in ("gp", "dragan") else 0)
    assert_close(network[1].weight.grad, torch.zeros(1, 18, dtype=torch.float64))


@pytest.mark.parametrize("name", ["gp", "lp", "gp0"])
def test_each_sample_has_its_own_point_between_real_and_fake(name: str) -> None:
    real, fake = torch.ones(64, 1, 4, 4), torch.zeros(64, 1, 4, 4)
    shares = penalty_of(name).points(update_of(nn.Identity(), real, fake)).flatten(1)
    assert_close(shares, shares[:, :1].expand_as(shares))
    assert len(shares[:, 0].unique()) == 64
    assert 0 <= shares.min() < 0.1
    assert 0.9 < shares.max() < 1


def test_r1_and_r2_look_at_the_images_themselves() -> None:
    real, fake = images(3)
    assert torch.equal(penalty_of("r1").points(update_of(nn.Identity(), real, fake)), real)
    assert torch.equal(penalty_of("r2").points(update_of(nn.Identity(), real, fake)), fake)


def test_dragan_looks_at_most_half_a_deviation_above_real_images() -> None:
    real, fake = images(200)
    points = penalty_of("dragan").points(update_of(nn.Identity(), real, fake))
    moved = ((points - real) / real.numpy().std()).flatten(1)
    assert moved.min() >= 0
    assert 0.4 < moved.max() < 0.5
    assert moved.mean().item() == pytest.approx(1 / 8, abs=0.01)  # ½ E(α) E(U)
    assert all(len(row.unique()) == 18 for row in moved)  # U per element
    furthest = moved.max(1).values  # near α/2: one α per sample, small ones too
    assert furthest.min() < 0.05


def test_dragans_deviation_is_that_of_the_whole_batch() -> None:
    real = torch.tensor([0.0, 2.0] * 10, dtype=torch.float64)[:, None].expand(20, 100)  # 1; of each image 0
    moved = penalty_of("dragan").points(update_of(nn.Identity(), real, real)) - real
    assert moved.min() >= 0
    assert 0.4 < moved.max() < 0.5


@pytest.mark.parametrize("name", BY_HAND)
def test_draws_come_from_the_given_generator_alone(name: str) -> None:
    real, fake = images(8)
    state = torch.get_rng_state()
    first, second, other = (penalty_of(name)(update_of(HalfSquare(), real, fake, seed)) for seed in (3, 3, 4))
    assert first == second
    assert (first != other) == (name not in ("r1", "r2"))
    assert torch.equal(torch.get_rng_state(), state)


def test_interpolates_weigh_the_real_image_by_what_is_drawn() -> None:
    real, fake = images(8)
    drawn = torch.rand(8, 1, 1, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    found = interpolate(real, fake, torch.Generator().manual_seed(3))
    assert_close(found, drawn * real + (1 - drawn) * fake, **exact)


def test_input_gradient_works_under_no_grad_and_leaves_images_alone() -> None:
    real, _ = images(2)
    with torch.no_grad():
        gradient = input_gradient(linear(torch.ones(1, 18, dtype=torch.float64)), real)
    assert_close(gradient, torch.ones_like(real))
    assert not real.requires_grad


def test_short_logits_still_give_a_full_gradient() -> None:
    def discriminator(points: Tensor) -> Tensor:
        return (3 * points.flatten(1).sum(1, keepdim=True)).bfloat16()

    gradient = input_gradient(discriminator, torch.ones(2, 5))
    assert gradient.dtype == torch.float32
    assert_close(gradient, torch.full((2, 5), 3.0))


@pytest.mark.parametrize("name", BY_HAND)
def test_the_generator_gets_no_gradient_through_it(name: str) -> None:
    real, fake = images(4)
    fake.requires_grad_()
    network = linear(ROW[None])
    penalty_of(name)(update_of(nn.Sequential(nn.Tanh(), network), real, fake)).backward()
    assert fake.grad is None
    assert network[1].weight.grad.abs().max() > 0.1


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("steepness", [4.0, 12.0])
def test_second_derivatives_are_right(name: str, steepness: float) -> None:
    random = torch.Generator().manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(18, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    nn.init.normal_(network[1].weight, std=0.2, generator=random)
    nn.init.normal_(network[3].weight, std=0.2 * steepness, generator=random)
    real, fake = images(3)

    def penalty(weight: Tensor) -> Tensor:
        def discriminator(points: Tensor) -> Tensor:
            return torch.func.functional_call(network, {"1.weight": weight}, (points,))

        return penalty_of(name, 10)(update_of(discriminator, real, fake))

    weight = network[1].weight.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(penalty, (weight,))
    penalty(weight).backward()
    assert weight.grad.abs().max() > 1e-3


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("patches", [False, True])
@pytest.mark.parametrize("side", [1, 2, 30])
def test_the_size_of_a_patch_map_is_of_no_account(name: str, patches: bool, side: int) -> None:
    real, fake = images(6)
    one = linear(ROW[None])

    def judge(points: Tensor) -> Tensor:
        return one(points)[:, :, None, None].expand(-1, 1, side, side)

    penalty = get_penalty(f"{name}:patches={'yes' if patches else 'no'}")
    assert_close(penalty(update_of(judge, real, fake)), get_penalty(name)(update_of(one, real, fake)), **exact)


def test_the_mean_patch_may_be_flat_where_no_patch_is() -> None:
    def judge(points: Tensor) -> Tensor:  # slopes of 3 and -3, everywhere
        return torch.cat([3 * points, -3 * points], 1)

    real = torch.ones(8, 1, dtype=torch.float64)
    average, each = (get_penalty(f"r1:2:patches={word}")(update_of(judge, real, real)) for word in ("no", "yes"))
    assert (average.item(), each.item()) == (0.0, 9.0)


def test_single_patches_are_drawn_alike_so_that_the_mean_is_over_all() -> None:
    slopes = torch.tensor([[0.0, 1.0, 2.0, 5.0]], dtype=torch.float64)
    real = torch.ones(4000, 1, dtype=torch.float64)
    penalty = get_penalty("r1:2:patches=yes")(update_of(lambda points: points @ slopes, real, real))
    squares = slopes.square().flatten()
    deviation = (squares.var(correction=0) / len(real)).sqrt().item()
    assert penalty.item() == pytest.approx(squares.mean().item(), abs=4 * deviation)
