"""The residual generator and discriminator for 32 pixels of the spectral-norm line of work (arXiv:1802.05957, table 3).

They are built as behind the public tables of CIFAR-10 (mimicry, arXiv:2005.02494), so that those can be met. In two things that
differs from the paper's own code: maps are doubled bilinearly, not by repeating pixels, and the shortcut of a discriminator's block
sees rectified maps, as its residual branch does.
"""

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.networks.edges import ImageToMaps
from gan_losses.networks.initialise import with_gain, xavier_uniform
from gan_losses.networks.norms import WEIGHT_NORMS, norm_layers, normalised
from gan_losses.networks.pair import NetworkPair

SIZES = (32,)
GENERATOR_WIDTHS = 4  # its channels as a multiple of the setting: 256 for 64
DISCRIMINATOR_WIDTHS = 2  # 128 for 64


class Generator(nn.Module):
    """Latents (N, latents) to images (N, channels, 32, 32) in (-1, 1): linear to 4 x 4, three residual blocks that double
    the size, norm, ReLU, a 3 x 3 convolution, tanh.

    Args:
        channels: colour channels.
        width: a quarter of all inner maps' channels: 64 gives the paper's 256.
        latents: length of the latent vector; 128 in the paper.
        norm: a name in `NORMS`, before every ReLU.

    Example:
        >>> Generator(3, width=2, latents=10)(torch.zeros(2, 10)).shape
        torch.Size([2, 3, 32, 32])
    """

    def __init__(self, channels: int, width: int, latents: int, norm: str = "batch") -> None:
        super().__init__()
        self.maps = GENERATOR_WIDTHS * width
        self.project = normalised(norm, nn.Linear(latents, self.maps * 16))
        self.blocks = nn.Sequential(*(UpBlock(self.maps, norm) for _ in range(3)))
        self.activation = nn.Sequential(*norm_layers(norm, self.maps), nn.ReLU(inplace=True))
        self.last = normalised(norm, nn.Conv2d(self.maps, channels, 3, padding=1))

    def forward(self, latents: Tensor) -> Tensor:
        """Latents (N, latents) to images (N, C, 32, 32) in (-1, 1)."""
        # Channels last, so that no layer behind has to change the layout.
        projected = self.project(latents).view(-1, 4, 4, self.maps).permute(0, 3, 1, 2)
        return torch.tanh(self.last(self.activation(self.blocks(projected))))


class Discriminator(nn.Module):
    """Images (N, channels, 32, 32) to logits (N, 1): four residual blocks, the first two of which halve the size, ReLU, the
    sum over all pixels, linear; no norm in front of the first convolution nor of the sum.

    The sum is the paper's, whose norm bounds every layer. Under a norm that does not act on weights it is the mean, as in
    WGAN-GP's critic of this shape (arXiv:1704.00028), so that slopes start below 1.

    Args:
        channels: colour channels.
        width: half of all inner maps' channels: 64 gives the paper's 128.
        norm: a name in `NORMS`; the paper's is "spectral", on every layer.

    Example:
        >>> Discriminator(3, width=64, norm="spectral").head.in_features
        128
    """

    def __init__(self, channels: int, width: int, norm: str = "spectral") -> None:
        super().__init__()
        maps = DISCRIMINATOR_WIDTHS * width
        later = (DownBlock(maps, norm), Block(maps, norm), Block(maps, norm))
        self.blocks = nn.Sequential(FirstBlock(channels, maps, norm), *later)
        self.pool = torch.sum if norm in WEIGHT_NORMS else torch.mean
        self.head = normalised(norm, nn.Linear(maps, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, 32, 32) to logits (N, 1)."""
        logits: Tensor = self.head(self.pool(F.relu(self.blocks(images)), dim=(2, 3)))
        return logits


class UpBlock(nn.Module):
    """Twice the size: the sum of a residual branch of two 3 x 3 convolutions, each behind norm and ReLU, and a 1 x 1 one;
    both branches double bilinearly.

    Args:
        maps: channels in and out.
        norm: a name in `NORMS`.

    Example:
        >>> UpBlock(4, "batch")(torch.zeros(1, 4, 8, 8)).shape
        torch.Size([1, 4, 16, 16])
    """

    def __init__(self, maps: int, norm: str) -> None:
        super().__init__()
        # In blocks, so that a weight's name, and with it its initial value, does not depend on the norm.
        self.residual = nn.Sequential(
            _activation(norm, maps),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _convolution(norm, nn.Conv2d(maps, maps, 3, padding=1)),
            _activation(norm, maps, inplace=True),
            _convolution(norm, nn.Conv2d(maps, maps, 3, padding=1)),
        )
        self.shortcut = normalised(norm, nn.Conv2d(maps, maps, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """(N, maps, H, W) to (N, maps, 2 H, 2 W)."""
        # Doubled behind the 1 x 1 convolution: the other order gives the same numbers for four times the work.
        shortcut = F.interpolate(self.shortcut(maps), scale_factor=2, mode="bilinear")
        residual: Tensor = self.residual(maps)
        return residual + shortcut


class FirstBlock(nn.Module):
    """Images to maps of half the size: two 3 x 3 convolutions with ReLU between them, averaged, plus a 1 x 1 one.

    Args:
        channels: colour channels.
        maps: channels out.
        norm: a name in `NORMS`, between the two.

    Example:
        >>> FirstBlock(3, 4, "none")(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 4, 4, 4])
    """

    def __init__(self, channels: int, maps: int, norm: str) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            _convolution(norm, ImageToMaps(channels, maps, 3, padding=1)),
            _activation(norm, maps, inplace=True),
            _convolution(norm, nn.Conv2d(maps, maps, 3, padding=1)),
        )
        self.shortcut = normalised(norm, nn.Conv2d(channels, maps, 1))

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, maps, H / 2, W / 2)."""
        residual, shortcut = F.avg_pool2d(self.residual(images), 2), self.shortcut(F.avg_pool2d(images, 2))
        return torch.add(residual, shortcut)


class Block(nn.Module):
    """max(0, x) + f(x), f two 3 x 3 convolutions, each behind norm and ReLU.

    Args:
        maps: channels in and out.
        norm: a name in `NORMS`.

    Example:
        >>> Block(4, "group")(torch.zeros(1, 4, 8, 8)).shape
        torch.Size([1, 4, 8, 8])
    """

    def __init__(self, maps: int, norm: str) -> None:
        super().__init__()
        self.residual = _residual(maps, norm)

    def forward(self, maps: Tensor) -> Tensor:
        """(N, maps, H, W) to the same shape."""
        residual: Tensor = self.residual(maps)
        return F.relu(maps) + residual


class DownBlock(nn.Module):
    """As `Block`, with a 1 x 1 convolution in the shortcut, and both averaged over 2 x 2 pixels.

    Args:
        maps: channels in and out.
        norm: a name in `NORMS`.

    Example:
        >>> DownBlock(4, "layer")(torch.zeros(1, 4, 8, 8)).shape
        torch.Size([1, 4, 4, 4])
    """

    def __init__(self, maps: int, norm: str) -> None:
        super().__init__()
        self.residual = _residual(maps, norm)
        self.shortcut = normalised(norm, nn.Conv2d(maps, maps, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """(N, maps, H, W) to (N, maps, H / 2, W / 2)."""
        # Averaged before the 1 x 1 convolution: the paper's order gives the same numbers for four times the work.
        residual, shortcut = F.avg_pool2d(self.residual(maps), 2), self.shortcut(F.avg_pool2d(F.relu(maps), 2))
        return torch.add(residual, shortcut)


def _residual(maps: int, norm: str) -> nn.Sequential:
    return nn.Sequential(
        _activation(norm, maps),
        _convolution(norm, nn.Conv2d(maps, maps, 3, padding=1)),
        _activation(norm, maps, inplace=True),
        _convolution(norm, nn.Conv2d(maps, maps, 3, padding=1)),
    )


def _activation(norm: str, maps: int, inplace: bool = False) -> nn.Sequential:
    """Norm and ReLU; not in place where a shortcut needs the maps too."""
    return nn.Sequential(*norm_layers(norm, maps), nn.ReLU(inplace=inplace))


def _convolution(norm: str, layer: nn.Module) -> nn.Module:
    """A convolution of a residual branch; its initial weights make up for the ReLU."""
    return normalised(norm, with_gain(layer, sqrt(2)))


PAIR = NetworkPair(
    summary="the residual networks of SNGAN's CIFAR-10 rows",
    generator=lambda image_size, *rest: Generator(*rest),
    discriminator=lambda image_size, *rest: Discriminator(*rest),
    sizes=SIZES,
    generator_norm="batch",
    published_norm="spectral",
    controlled_norm="group",
    generator_scheme=xavier_uniform,
    discriminator_scheme=lambda norm: xavier_uniform,
)
