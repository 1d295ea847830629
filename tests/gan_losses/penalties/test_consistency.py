"""Consistency: what is done to images, by trying all shifts; and the penalty by hand."""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.penalties import Consistency
from tests.gan_losses.penalties.conftest import images, update_of

Change = tuple[int, int, bool]


def pictures(count: int = 60, height: int = 8, width: int = 8) -> Tensor:
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def changed(originals: Tensor, down: int, right: int, mirrored: bool, reach: int) -> Tensor:
    """By padding with the border and cutting out."""
    padded = np.pad(originals.numpy(), [(0, 0), (0, 0), (reach, reach), (reach, reach)], mode="edge")
    _, _, height, width = originals.shape
    cut = padded[:, :, reach - down : reach - down + height, reach - right : reach - right + width]
    return torch.from_numpy((cut[..., ::-1] if mirrored else cut).copy())


def changes_of(originals: Tensor, transformed: Tensor, reach: int = 4) -> list[Change]:
    """The one shift and flip that makes each transformed image of its original, found among all."""
    steps = range(-reach, reach + 1)
    found: list[list[Change]] = [[] for _ in originals]
    for change in itertools.product(steps, steps, (False, True)):
        same = (changed(originals, *change, reach) == transformed).flatten(1).all(1)
        for index in same.nonzero().flatten().tolist():
            found[index].append(change)
    assert {len(changes) for changes in found} == {1}
    return [change for (change,) in found]


@pytest.mark.parametrize(
    ("shift", "mirror", "height", "width", "rows", "columns"),
    [
        (0.125, True, 8, 8, 1, 1),
        (0.25, False, 8, 8, 2, 2),
        (0.25, True, 8, 12, 2, 3),
        (0.1, True, 8, 8, 0, 0),
        (0.0, False, 8, 8, 0, 0),
    ],
)
def test_each_image_is_shifted_and_perhaps_mirrored_by_itself(
    shift: float, mirror: bool, height: int, width: int, rows: int, columns: int
) -> None:
    originals = pictures(600, height, width)
    transformed = Consistency(shift=shift, mirror=mirror).transform(originals, torch.Generator().manual_seed(0))
    downs, rights = range(-rows, rows + 1), range(-columns, columns + 1)
    possible = itertools.product(downs, rights, (False, True) if mirror else (False,))
    assert set(changes_of(originals, transformed)) == set(possible)


def test_half_of_the_images_are_mirrored() -> None:
    originals = pictures(400, 4, 4)
    transformed = Consistency(shift=0).transform(originals, torch.Generator().manual_seed(0))
    mirrored = [mirrored for _, _, mirrored in changes_of(originals, transformed, reach=1)]
    assert sum(mirrored) / 400 == pytest.approx(0.5, abs=4 * 0.5 / 20)


class Corner(nn.Module):
    """D(x) = a weight times the pixel at the upper left, whatever else is there."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(weight, dtype=torch.float64))

    def forward(self, points: Tensor) -> Tensor:
        return self.weight * points[:, :1, 0, 0]


def test_it_is_the_mean_squared_change_of_logits_of_real_images() -> None:
    real, penalty, network = pictures(), Consistency(5.0), Corner(2.0)
    transformed = penalty.transform(real, torch.Generator().manual_seed(3))
    by_hand = [(before - after) ** 2 for before, after in zip(real[:, 0, 0, 0], transformed[:, 0, 0, 0], strict=True)]
    found = penalty(update_of(network, real, torch.zeros_like(real), seed=3))
    found.backward()
    assert_close(found.item(), 5 * 2**2 * sum(by_hand).item() / 60, rtol=1e-12, atol=0)
    assert_close(network.weight.grad.item(), 5 * 2 * 2 * sum(by_hand).item() / 60, rtol=1e-12, atol=0)
    assert found > 0.1


def test_a_discriminator_that_shifts_and_mirrors_do_not_touch_pays_nothing() -> None:
    even = torch.rand(6, 3, 1, 1, generator=torch.Generator().manual_seed(0)).expand(6, 3, 8, 8)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 1))
    assert Consistency()(update_of(network, even, even)).item() == 0
    mean_over_width = nn.Sequential(nn.AvgPool2d((1, 8)), nn.Flatten(), nn.Linear(24, 1).double()).double()
    only_mirrored = Consistency(shift=0)(update_of(mean_over_width, pictures(), pictures()))
    assert only_mirrored.item() == pytest.approx(0, abs=1e-28)


def test_draws_come_from_the_given_generator_alone() -> None:
    state = torch.get_rng_state()
    first, second, other = (
        Consistency().transform(pictures(), torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_original_images_are_left_alone() -> None:
    real = pictures()
    before = real.clone()
    Consistency().transform(real, torch.Generator())
    assert torch.equal(real, before)


@pytest.mark.parametrize("shape", [(4, 2), (4, 8, 8), (4, 1, 2, 8, 8)])
def test_only_images_can_be_shifted(shape: tuple[int, ...]) -> None:
    points = torch.zeros(shape)
    with pytest.raises(UsageError, match=r"penalty cr shifts and mirrors images \(N, C, H, W\)"):
        Consistency()(update_of(nn.Flatten(), points, points))


def test_real_logits_are_those_of_the_adversarial_loss() -> None:
    seen: list[Tensor] = []

    def discriminator(points: Tensor) -> Tensor:
        seen.append(points)
        return points.flatten(1).sum(1)

    real, fake = images(4)
    update = update_of(discriminator, real, fake)
    assert update.real_logits is update.real_logits
    Consistency()(update)
    assert len(seen) == 2  # the real images once, and their transforms
