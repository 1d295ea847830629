"""DCGAN's generator and discriminator (arXiv:1511.06434) for 16, 32, 64 and 128 pixels."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from gan_losses.networks.edges import ImageToMaps, MapsToLargerImage
from gan_losses.networks.initialise import preserving, preserving_gain, small_normal
from gan_losses.networks.norms import PLAIN, norm_layers, normalised
from gan_losses.networks.pair import NetworkPair

SIZES = (16, 32, 64, 128)
LEAK = 0.2  # slope of the discriminator's LeakyReLU below 0


def _widths(image_size: int, width: int) -> list[int]:
    """Channels from the largest inner map to the 4 × 4 one: width, 2 width, 4 width, …"""
    return [width * 2**level for level in range(image_size.bit_length() - 3)]


class Generator(nn.Module):
    """Latents (N, latents) to images (N, channels, size, size) in (-1, 1): project, reshape, upsample by 2 until size.

    Args:
        image_size: one of `SIZES`.
        channels: colour channels.
        width: channels of the last inner layer; doubled at each layer towards the latents.
        latents: length of the latent vector.
        norm: a name in `NORMS`, applied after every layer but the last.

    Example:
        >>> Generator(16, channels=1, width=8, latents=10)(torch.zeros(2, 10)).shape
        torch.Size([2, 1, 16, 16])
    """

    def __init__(self, image_size: int, channels: int, width: int, latents: int = 100, norm: str = "batch") -> None:
        super().__init__()
        widths = _widths(image_size, width)[::-1]
        self.top = widths[0]
        self.project = normalised(norm, nn.Linear(latents, self.top * 16, bias=False))
        blocks = [nn.Sequential(*norm_layers(norm, self.top), nn.ReLU(inplace=True))]
        for before, after in pairwise(widths):
            convolution = normalised(norm, nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False))
            blocks.append(nn.Sequential(convolution, *norm_layers(norm, after), nn.ReLU(inplace=True)))
        self.layers = nn.Sequential(*blocks)
        self.last = normalised(norm, MapsToLargerImage(widths[-1], channels, 4, 2, 1))

    def forward(self, latents: Tensor) -> Tensor:
        """Latents (N, latents) to images (N, C, H, W) in (-1, 1)."""
        # Channels last, so that no layer behind has to change the layout.
        projected = self.project(latents).view(-1, 4, 4, self.top).permute(0, 3, 1, 2)
        return torch.tanh(self.last(self.layers(projected)))


class Discriminator(nn.Module):
    """Images (N, C, size, size) to logits (N, 1): strided convolutions, LeakyReLU 0.2, flatten, linear, no sigmoid.

    No norm after the first convolution. At 64 pixels and width 64 the last layer is linear 8192 → 1.

    Args:
        image_size: one of `SIZES`.
        channels: colour channels.
        width: channels of the first layer; doubled at each layer.
        norm: a name in `NORMS`.

    Example:
        >>> network = Discriminator(64, channels=3, width=64, norm="batch")
        >>> network.head
        Linear(in_features=8192, out_features=1, bias=True)
    """

    def __init__(self, image_size: int, channels: int, width: int, norm: str = "batch") -> None:
        super().__init__()
        widths = _widths(image_size, width)
        first = ImageToMaps(channels, width, 4, 2, 1)
        # In blocks, so that a weight's name, and with it its initial value, does not depend on the norm.
        blocks = [nn.Sequential(normalised(norm, first), nn.LeakyReLU(LEAK, inplace=True))]
        for before, after in pairwise(widths):
            norms = norm_layers(norm, after)
            convolution = normalised(norm, nn.Conv2d(before, after, 4, 2, 1, bias=not norms))
            blocks.append(nn.Sequential(convolution, *norms, nn.LeakyReLU(LEAK, inplace=True)))
        self.layers = nn.Sequential(*blocks)
        self.head = normalised(norm, nn.Linear(widths[-1] * 16, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) to logits (N, 1)."""
        features = self.layers(images)
        logits: Tensor = self.head(features.permute(0, 2, 3, 1).flatten(1))  # a view where channels are last
        return logits


PAIR = NetworkPair(
    summary="DCGAN's",
    generator=Generator,
    discriminator=Discriminator,
    sizes=SIZES,
    generator_norm="batch",
    published_norm="batch",
    controlled_norm="group",  # without any norm the small weights leave D without a slope for hundreds of steps
    generator_scheme=small_normal,
    discriminator_scheme=lambda norm: preserving(preserving_gain(LEAK)) if norm in PLAIN else small_normal,
)
