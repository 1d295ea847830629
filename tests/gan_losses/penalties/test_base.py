"""What a penalty is given, and lazy penalties."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.penalties import R1, Clipping, Consistency, SpectralNorm, Update, get_penalty, in_penalty, wide
from tests.gan_losses.penalties.conftest import images, linear, update_of

ROW = torch.linspace(-1, 2, 18, dtype=torch.float64)[None]
LAZY = ("gp", "lp", "gp0", "r1", "r2", "dragan")


class Counting(nn.Module):
    """D(x) = the mean pixel, in a dtype; keeps what it is given."""

    def __init__(self, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.dtype = dtype
        self.calls: list[Tensor] = []

    def forward(self, points: Tensor) -> Tensor:
        self.calls.append(points)
        return points.flatten(1).mean(1, keepdim=True).to(self.dtype)


@pytest.mark.parametrize("name", LAZY)
def test_a_lazy_penalty_is_due_at_every_fourth_update_and_four_times_as_heavy(name: str) -> None:
    network, (real, fake) = linear(ROW), images(4)
    eager = get_penalty(name)(update_of(network, real, fake)).item()
    lazy = [get_penalty(f"{name}:every=4")(update_of(network, real, fake, index=index)) for index in range(8)]
    assert eager > 0
    assert_close([value.item() for value in lazy], [4 * eager, 0.0, 0.0, 0.0] * 2, rtol=1e-12, atol=0)
    assert_close(sum(value.item() for value in lazy[:4]) / 4, eager, rtol=1e-12, atol=0)
    assert {value.dtype for value in lazy} == {torch.float64}


def test_consistency_is_lazy_too() -> None:
    real = torch.rand(8, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    corner = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
    eager = Consistency()(update_of(corner, real, real)).item()
    lazy = [Consistency(every=3)(update_of(corner, real, real, index=index)).item() for index in range(4)]
    assert lazy == pytest.approx([3 * eager, 0, 0, 3 * eager])


def test_an_update_that_is_not_due_neither_draws_nor_asks_the_discriminator() -> None:
    network = Counting()
    update = update_of(network, *images(4), index=1)
    before = update.random.get_state()
    assert get_penalty("gp:every=4")(update).item() == 0
    assert network.calls == []
    assert torch.equal(update.random.get_state(), before)


def test_a_lazy_penalty_has_four_times_the_gradient_when_due() -> None:
    gradients = []
    for penalty in (R1(10.0), R1(10.0, every=4)):
        network = linear(ROW)
        penalty(update_of(network, *images(4), index=4)).backward()
        gradients.append(network[1].weight.grad)
    assert_close(gradients[1], 4 * gradients[0])


def test_logits_are_computed_once_and_only_when_asked_for() -> None:
    network, (real, fake) = Counting(), images(4)
    update = update_of(network, real, fake)
    assert network.calls == []
    first = update.real_logits
    assert update.real_logits is first
    assert [call is real for call in network.calls] == [True]
    assert update.fake_logits is update.fake_logits
    assert len(network.calls) == 2
    assert torch.equal(network.calls[1], fake)


def test_fake_images_are_off_their_graph_and_real_ones_as_they_came() -> None:
    real, fake = images(4)
    made = (2 * fake.requires_grad_()).tanh()
    update = update_of(linear(ROW), real, made)
    assert not update.fake.requires_grad
    assert update.real is real
    update.fake_logits.sum().backward()
    assert fake.grad is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (torch.bfloat16, torch.float32),
        (torch.float16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_logits_are_float32_at_least(given: torch.dtype, kept: torch.dtype) -> None:
    update = update_of(Counting(given), *images(4))
    assert (update.real_logits.dtype, update.fake_logits.dtype) == (kept, kept)
    assert wide(torch.ones(1, dtype=given)).dtype == kept


def test_without_a_memory_each_update_starts_afresh() -> None:
    real, fake = images(2)
    first, second = (Update(Counting(), real, fake, torch.Generator()) for _ in range(2))
    assert (first.index, first.memory, second.memory) == (0, {}, {})
    assert first.memory is not second.memory
    kept: dict[str, Tensor] = {}
    assert update_of(Counting(), real, fake, memory=kept).memory is kept


@pytest.mark.parametrize("constraint", [Clipping(), SpectralNorm()])
def test_constraints_add_no_term_and_leave_the_discriminator_alone(constraint: Clipping | SpectralNorm) -> None:
    network = Counting()
    assert constraint(update_of(network, *images(2))) is None
    assert network.calls == []


def test_only_images_that_a_penalty_shows_are_marked_as_its_own() -> None:
    marks: list[bool] = []

    def discriminator(points: Tensor) -> Tensor:
        marks.append(in_penalty.get())
        return points.flatten(1)

    update = update_of(discriminator, *images(2))
    _ = update.real_logits, update.fake_logits
    assert marks == [False, False]
    for name in ("r1", "gp", "cr"):
        get_penalty(name)(update)
    assert marks[2:] == [True, True, True]
    assert not in_penalty.get()


def test_the_mark_goes_when_the_discriminator_fails() -> None:
    def broken(points: Tensor) -> Tensor:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        R1()(update_of(broken, *images(2)))
    assert not in_penalty.get()
