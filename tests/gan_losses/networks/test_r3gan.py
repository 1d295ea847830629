"""The pair without norm: its start, its resampling against zeros and a filter, its parts against plain functions."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.networks.initialise import build
from gan_losses.networks.r3gan import (
    BLOCKS,
    PAIR,
    Discriminator,
    Doubling,
    GenerativeBasis,
    Generator,
    Halving,
    ResidualBlock,
)
from gan_losses.tasks import DCGAN, DCGANSettings


def block_size(width: int) -> int:
    inside = 2 * width
    group = min(16, inside)
    return width * inside + inside + inside * group * 9 + inside + inside * width


def test_sizes_counted_by_hand() -> None:
    """32 pixels, width 16: maps of 16, 32, 64 and again 64 channels."""
    blocks = sum(BLOCKS * block_size(width) for width in (16, 32, 64, 64))
    changes = 16 * 32 + 32 * 64
    sizes = [
        sum(weight.numel() for weight in network.parameters())
        for network in (Generator(32, 3, 16, 10), Discriminator(32, 3, 16))
    ]
    assert sizes == [
        64 * 16 + 10 * 64 + blocks + changes + 16 * 3,
        3 * 16 + blocks + changes + 64 * 16 + 64,
    ]


def filtered(maps: Tensor, gain: float) -> Tensor:
    """Both sides by [1, 3, 3, 1] / 8, one row and column at a time."""
    for dimension in (2, 3):
        shape = list(maps.shape)
        shape[dimension] = 2
        padded = torch.cat([maps.new_zeros(shape), maps, maps.new_zeros(shape)], dimension)
        count = maps.shape[dimension] + 1
        parts = [padded.narrow(dimension, start, count) for start in range(4)]
        maps = gain * (parts[0] + 3 * parts[1] + 3 * parts[2] + parts[3]) / 8
    return maps


def test_halving_is_the_filter_and_every_other_pixel() -> None:
    maps = torch.randn(2, 3, 8, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert_close(Halving().double()(maps), filtered(maps, 1.0)[:, :, 1::2, 1::2])


def test_doubling_is_zeros_between_pixels_and_the_filter() -> None:
    maps = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    apart = maps.new_zeros(2, 3, 8, 10)
    apart[:, :, ::2, ::2] = maps
    assert_close(Doubling().double()(maps), filtered(apart, 2.0)[:, :, :-1, :-1])


def test_away_from_the_border_doubling_is_torchs_bilinear() -> None:
    maps = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    expected = F.interpolate(maps, scale_factor=2, mode="bilinear")
    assert_close(Doubling()(maps)[:, :, 1:-1, 1:-1], expected[:, :, 1:-1, 1:-1])


def test_a_block_is_the_papers_bottleneck() -> None:
    block = ResidualBlock(16, depth=4).double()
    for weight in block.parameters():
        nn.init.normal_(weight, 0, 0.3, generator=torch.Generator().manual_seed(0))
    first, grouped, last = (layer for layer in block.layers if isinstance(layer, nn.Conv2d))
    assert (grouped.groups, grouped.in_channels) == (2, 32)
    assert last.bias is None
    maps = torch.randn(2, 16, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    inner = torch.einsum("oi,nihw->nohw", first.weight[:, :, 0, 0], maps) + first.bias.view(1, -1, 1, 1)
    inner = torch.where(inner > 0, inner, 0.2 * inner)
    halves = [
        F.conv2d(inner[:, part], grouped.weight[part], grouped.bias[part], padding=1)
        for part in (slice(0, 16), slice(16, 32))
    ]
    inner = torch.cat(halves, 1)
    inner = torch.where(inner > 0, inner, 0.2 * inner)
    assert_close(block(maps), maps + torch.einsum("oi,nihw->nohw", last.weight[:, :, 0, 0], inner))


def test_the_basis_weighs_learned_maps() -> None:
    basis = GenerativeBasis(3, 2).double()
    nn.init.normal_(basis.maps, generator=torch.Generator().manual_seed(0))
    latents = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.einsum("nl,cl,chw->nchw", latents, basis.linear.weight, basis.maps)
    assert_close(basis(latents), expected)


@pytest.mark.parametrize("size", [16, 64])
def test_every_branch_starts_at_0_so_that_the_signal_keeps_its_size(size: int) -> None:
    generator = build(0, "g", lambda: PAIR.generator(size, 3, 16, 64, "none"), PAIR.generator_scheme)
    discriminator = build(0, "d", lambda: PAIR.discriminator(size, 3, 16, "none"), PAIR.discriminator_scheme("none"))
    for network in (generator, discriminator):
        blocks = [module for module in network.modules() if isinstance(module, ResidualBlock)]
        assert len(blocks) == BLOCKS * (size.bit_length() - 2)
        assert not any(block.layers[-1].weight.any() for block in blocks)
        gain, depth = (2 / 1.04) ** 0.5, len(blocks)
        for block in blocks:
            weight = block.layers[2].weight
            deviation = gain * depth**-0.25 / weight[0].numel() ** 0.5
            assert weight.std().item() == pytest.approx(deviation, rel=0.06)
    basis = generator.basis.maps
    assert basis.std().item() == pytest.approx(1.0, rel=0.1)
    latents = torch.randn(64, 64, generator=torch.Generator().manual_seed(0))
    before = generator.last(generator.stages(generator.basis(latents)))
    assert 0.3 < before.std().item() < 2


def test_all_weights_learn_from_the_second_step_on(make) -> None:
    training = make.training("rpgan+r1+r2", "none", network="r3gan")
    inside = training.task.discriminators["image"].stages[0][0][0].layers
    first, last = inside[0].weight.clone(), inside[4].weight.clone()
    training.step(0)
    assert torch.equal(inside[0].weight, first)
    assert not torch.equal(inside[4].weight, last)
    training.step(1)
    assert not torch.equal(inside[0].weight, first)


@pytest.mark.parametrize("norm", ["batch", "group", "layer", "spectral"])
def test_it_is_built_without_a_norm_only(norm: str) -> None:
    with pytest.raises(UsageError, match=f"--network r3gan: its discriminator takes the norm none, not {norm}"):
        DCGAN(DCGANSettings(16, 1, 4, 8, discriminator_norm=norm, network="r3gan"), 0)
