"""LeCam by hand over three updates."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.losses import discriminator_loss, get_loss
from gan_losses.penalties import LeCam, Memory, Update
from tests.gan_losses.penalties.conftest import update_of


def column(*logits: float) -> Tensor:
    return torch.tensor(logits, dtype=torch.float64).unsqueeze(1)


class Scale(nn.Module):
    """D(x) = s x with s = 1; counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones((), dtype=torch.float64))
        self.calls: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.calls.append(images)
        return self.scale * images


# (real logits, fake logits, the penalty for λ = 1, averages of real and fake afterwards), decay ¾
THREE_UPDATES = [
    ((3.0, 1.0), (0.0, 0.0), (9 + 1) / 2 + (4 + 4) / 2, 2.0, 0.0),  # held to its own means 0 and 2
    ((5.0, 3.0), (1.0, -1.0), (25 + 9) / 2 + (1 + 9) / 2, 2.5, 0.0),  # to 0 and 2; then 2 + (4 - 2)/4
    ((2.5, 0.5), (4.0, 4.0), (6.25 + 0.25) / 2 + (2.25 + 2.25) / 2, 2.25, 1.0),  # to 0 and 2.5
]


@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_logits_are_held_to_the_averages_before_the_update(weight: float) -> None:
    memory: Memory = {}
    for index, (real, fake, expected, on_real, on_fake) in enumerate(THREE_UPDATES):
        update = update_of(Scale(), column(*real), column(*fake), index=index, memory=memory)
        assert_close(LeCam(weight, 0.75)(update).item(), weight * expected, rtol=1e-14, atol=0)
        assert memory["lecam_real"].item() == pytest.approx(on_real, rel=1e-14)
        assert memory["lecam_fake"].item() == pytest.approx(on_fake, abs=1e-14)


def test_no_gradient_goes_through_the_averages() -> None:
    memory: Memory = {}
    for index, (real, fake, *_) in enumerate(THREE_UPDATES):
        network = Scale()
        real_anchor = memory.get("lecam_real", column(*real).mean()).item()
        fake_anchor = memory.get("lecam_fake", column(*fake).mean()).item()
        LeCam(1.0, 0.75)(update_of(network, column(*real), column(*fake), index=index, memory=memory)).backward()
        by_scale = [sum(2 * (r - fake_anchor) * r for r in real), sum(2 * (f - real_anchor) * f for f in fake)]
        assert_close(network.scale.grad.item(), sum(by_scale) / 2, rtol=1e-14, atol=1e-14)
        assert not any(average.requires_grad for average in memory.values())


def test_each_kind_of_image_passes_the_discriminator_once() -> None:
    network, real, fake = Scale(), column(1, 2), column(3, 4)
    discriminator_loss(get_loss("bce+lecam"), update_of(network, real, fake)).backward()
    assert [images.tolist() for images in network.calls] in (
        [real.tolist(), fake.tolist()],
        [fake.tolist(), real.tolist()],
    )


def test_a_new_memory_starts_afresh_and_memories_do_not_mix() -> None:
    first, second = ({}, {})
    for _ in range(2):
        LeCam(1.0)(update_of(Scale(), column(5), column(-5), memory=first))
    fresh = LeCam(1.0)(update_of(Scale(), column(1), column(0), memory=second)).item()
    assert fresh == LeCam(1.0)(update_of(Scale(), column(1), column(0))).item() == 2.0
    assert second["lecam_real"].item() == 1.0


def test_averages_of_short_logits_are_kept_in_float32() -> None:
    memory: Memory = {}
    images = torch.ones(2, 1)
    LeCam()(Update(lambda points: points.bfloat16(), images, images, torch.Generator(), memory=memory))
    assert {average.dtype for average in memory.values()} == {torch.float32}
