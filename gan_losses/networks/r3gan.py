"""A small residual pair without any norm, after R3GAN (arXiv:2501.05441).

Bottleneck blocks of a 1 x 1, a grouped 3 x 3 and a 1 x 1 convolution with leaky ReLUs; every branch starts at 0 (Fixup,
arXiv:1901.09321), so that signal and slope keep their size without a norm. Unlike the paper's, it has a quarter of the channels or
fewer, and its images end in tanh, as all of this suite lie in (-1, 1).
"""

from itertools import pairwise
from math import gcd

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.networks.initialise import fan_in_normal, preserving_gain, with_gain
from gan_losses.networks.pair import NetworkPair

SIZES = (16, 32, 64, 128)
NORMS = ("none",)  # spectral norm divides by the norm of weights that start at 0
LEAK = 0.2  # slope of LeakyReLU below 0
BLOCKS = 2  # at each size
EXPANSION = 2  # channels inside a block, as a multiple of those outside
GROUP = 16  # channels of a group of the 3 x 3 convolution
MOST_WIDTHS = 4  # channels stop growing at this multiple of the width


class Generator(nn.Module):
    """Latents (N, latents) to images (N, channels, size, size) in (-1, 1): a basis of 4 x 4 maps, weighted by a linear layer
    of the latents; at each size two residual blocks; bilinear doubling between them; a 1 x 1 convolution, tanh.

    Args:
        image_size: one of `SIZES`.
        channels: colour channels.
        width: channels of the maps as large as the image; doubled at each halving, up to 4 times.
        latents: length of the latent vector; 64 in the paper.

    Example:
        >>> Generator(16, channels=1, width=4, latents=10)(torch.zeros(2, 10)).shape
        torch.Size([2, 1, 16, 16])
    """

    def __init__(self, image_size: int, channels: int, width: int, latents: int) -> None:
        super().__init__()
        widths = _widths(image_size, width)[::-1]
        self.basis = GenerativeBasis(latents, widths[0])
        stages = [_blocks(widths[0], len(widths))]
        for before, after in pairwise(widths):
            stages.append(nn.Sequential(_change(before, after), Doubling(), _blocks(after, len(widths))))
        self.stages = nn.Sequential(*stages)
        self.last = nn.Conv2d(widths[-1], channels, 1, bias=False)

    def forward(self, latents: Tensor) -> Tensor:
        """Latents (N, latents) to images (N, C, H, W) in (-1, 1)."""
        return torch.tanh(self.last(self.stages(self.basis(latents))))


class Discriminator(nn.Module):
    """Images (N, channels, size, size) to logits (N, 1): the generator's mirror image.

    Args:
        image_size: one of `SIZES`.
        channels: colour channels.
        width: as of the generator.

    Example:
        >>> Discriminator(16, channels=1, width=4)(torch.zeros(2, 1, 16, 16)).shape
        torch.Size([2, 1])
    """

    def __init__(self, image_size: int, channels: int, width: int) -> None:
        super().__init__()
        widths = _widths(image_size, width)
        self.first = nn.Conv2d(channels, width, 1, bias=False)
        stages = [
            nn.Sequential(_blocks(before, len(widths)), Halving(), _change(before, after))
            for before, after in pairwise(widths)
        ]
        self.stages = nn.Sequential(*stages, _blocks(widths[-1], len(widths)))
        self.basis = nn.Conv2d(widths[-1], widths[-1], 4, groups=widths[-1], bias=False)
        self.head = nn.Linear(widths[-1], 1, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) to logits (N, 1)."""
        logits: Tensor = self.head(self.basis(self.stages(self.first(images))).flatten(1))
        return logits


class ResidualBlock(nn.Module):
    """x + f(x), f a bottleneck turned inside out: twice the channels inside, no bias at its end, 0 at the start.

    Args:
        width: channels in and out.
        depth: residual blocks of the whole network; the first two layers start smaller by depth^(-1/4).

    Example:
        >>> maps = torch.ones(1, 4, 8, 8)
        >>> ResidualBlock(4, depth=2)(maps).shape
        torch.Size([1, 4, 8, 8])
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        inside, gain = EXPANSION * width, preserving_gain(LEAK) * depth**-0.25
        grouped = nn.Conv2d(inside, inside, 3, padding=1, groups=inside // gcd(GROUP, inside))
        self.layers = nn.Sequential(
            with_gain(nn.Conv2d(width, inside, 1), gain),
            nn.LeakyReLU(LEAK, inplace=True),
            with_gain(grouped, gain),
            nn.LeakyReLU(LEAK, inplace=True),
            with_gain(nn.Conv2d(inside, width, 1, bias=False), 0.0),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(N, width, H, W) to the same shape."""
        residual: Tensor = self.layers(maps)
        return maps + residual


class GenerativeBasis(nn.Module):
    """Latents (N, latents) to maps (N, width, 4, 4): learned maps, each times a linear function of the latents.

    Args:
        latents: length of the latent vector.
        width: maps.

    Example:
        >>> GenerativeBasis(3, 2)(torch.zeros(5, 3)).shape
        torch.Size([5, 2, 4, 4])
    """

    def __init__(self, latents: int, width: int) -> None:
        super().__init__()
        self.maps = nn.Parameter(torch.empty(width, 4, 4))
        self.linear = nn.Linear(latents, width, bias=False)
        with_gain(self, 4.0)  # of 16 numbers each: the maps start as N(0, 1)

    def forward(self, latents: Tensor) -> Tensor:
        """(N, latents) to (N, width, 4, 4), channels last."""
        weights: Tensor = self.linear(latents)
        return (weights[:, None, None, :] * self.maps.permute(1, 2, 0)).permute(0, 3, 1, 2)


class Halving(nn.Module):
    """(N, C, H, W) to (N, C, H / 2, W / 2) by the filter [1, 3, 3, 1] / 8 along both sides; zeros beyond the border.

    Example:
        >>> Halving()(torch.ones(1, 1, 8, 8))[0, 0, 1:3, 1:3].tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        weights = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("kernel", torch.outer(weights, weights)[None, None], persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H / 2, W / 2)."""
        channels = maps.shape[1]
        return F.conv2d(maps, self.kernel.expand(channels, -1, -1, -1), stride=2, padding=1, groups=channels)


class Doubling(nn.Module):
    """(N, C, H, W) to (N, C, 2 H, 2 W): bilinear, by the filter of `Halving` turned round; zeros beyond the border.

    Example:
        >>> Doubling()(torch.ones(1, 1, 4, 4))[0, 0, 1:3, 1:3].tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        weights = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
        self.register_buffer("kernel", torch.outer(weights, weights)[None, None], persistent=False)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, 2 H, 2 W)."""
        channels = maps.shape[1]
        return F.conv_transpose2d(maps, self.kernel.expand(channels, -1, -1, -1), stride=2, padding=1, groups=channels)


def _widths(image_size: int, width: int) -> list[int]:
    """Channels from the maps as large as the image to those of 4 x 4."""
    return [width * min(2**level, MOST_WIDTHS) for level in range(image_size.bit_length() - 2)]


def _blocks(width: int, stages: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(width, depth=BLOCKS * stages) for _ in range(BLOCKS)))


def _change(before: int, after: int) -> nn.Module:
    """Another number of channels, where it is another."""
    return nn.Identity() if before == after else nn.Conv2d(before, after, 1, bias=False)


PAIR = NetworkPair(
    summary="small residual networks without norm, after R3GAN",
    generator=lambda image_size, channels, width, latents, norm: Generator(image_size, channels, width, latents),
    discriminator=lambda image_size, channels, width, norm: Discriminator(image_size, channels, width),
    sizes=SIZES,
    generator_norm="none",
    published_norm="none",
    controlled_norm="none",
    generator_scheme=fan_in_normal,
    discriminator_scheme=lambda norm: fan_in_normal,
    norms=NORMS,
)
