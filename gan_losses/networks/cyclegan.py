"""CycleGAN's networks (arXiv:1703.10593): the residual generator and the PatchGAN discriminator."""

from itertools import pairwise

from torch import Tensor, nn

from gan_losses.networks.edges import ImageToMaps, MapsToImage
from gan_losses.networks.norms import norm_layers, normalised

LEAK = 0.2  # slope of the discriminator's LeakyReLU below 0
MOST_WIDTHS = 8  # the discriminator's channels stop growing at this multiple of its width


class ResNetGenerator(nn.Module):
    """Images (N, channels, H, W) to images of the same shape in (-1, 1); H and W are multiples of 4.

    A 7 x 7 convolution, two that halve the size, residual blocks, two that double it, a 7 x 7 convolution and tanh;
    reflection padding wherever the size is kept. Johnson et al. 2016 (arXiv:1603.08155) as used by CycleGAN.

    Args:
        channels: colour channels, in and out.
        width: channels behind the first layer; doubled at each halving.
        blocks: residual blocks (the paper: 6 at 128 pixels, 9 from 256 on).
        norm: a name in `NORMS`, after every convolution but the last.

    Example:
        >>> import torch
        >>> ResNetGenerator(3, width=4, blocks=1)(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 3, 16, 16])
    """

    def __init__(self, channels: int, width: int, blocks: int, norm: str = "instance") -> None:
        super().__init__()
        widths = [width, 2 * width, 4 * width]
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_layer(norm, nn.Conv2d(channels, width, 7, bias=False))]
        for before, after in pairwise(widths):
            layers += _layer(norm, nn.Conv2d(before, after, 3, 2, 1, bias=False))
        layers += [ResidualBlock(widths[-1], norm) for _ in range(blocks)]
        for before, after in pairwise(widths[::-1]):
            layers += _layer(norm, nn.ConvTranspose2d(before, after, 3, 2, 1, output_padding=1, bias=False))
        layers += [nn.ReflectionPad2d(3), normalised(norm, MapsToImage(width, channels, 7)), nn.Tanh()]
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) in [-1, 1] to translations (N, C, H, W) in (-1, 1)."""
        translated: Tensor = self.layers(images)
        return translated


class ResidualBlock(nn.Module):
    """x + f(x), f two 3 x 3 convolutions with norm, the first with ReLU.

    Args:
        width: channels in and out.
        norm: a name in `NORMS`.

    Example:
        >>> import torch
        >>> ResidualBlock(4, "instance")(torch.zeros(1, 4, 8, 8)).shape
        torch.Size([1, 4, 8, 8])
    """

    def __init__(self, width: int, norm: str) -> None:
        super().__init__()
        first, second = (normalised(norm, nn.Conv2d(width, width, 3, bias=False)) for _ in range(2))
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Sequential(first, *norm_layers(norm, width), nn.ReLU(inplace=True)),
            nn.ReflectionPad2d(1),
            nn.Sequential(second, *norm_layers(norm, width)),
        )

    def forward(self, maps: Tensor) -> Tensor:
        """(N, width, H, W) to the same shape."""
        residual: Tensor = self.layers(maps)
        return maps + residual


class PatchDiscriminator(nn.Module):
    """Images (N, channels, H, W) to a matrix of logits (N, 1, h, w), one for each overlapping patch; no sigmoid.

    PatchGAN (Isola et al. 2017, arXiv:1611.07004): `layers` 4 x 4 convolutions of stride 2, one of stride 1, one to
    logits. With 3 layers a logit sees 70 x 70 pixels, with 2 it sees 34 x 34, with 1 it sees 16 x 16; h and w are
    H / 2^layers - 2. No norm behind the first convolution.

    Args:
        channels: colour channels.
        width: channels of the first layer; doubled at each layer, up to 8 times.
        layers: convolutions of stride 2.
        norm: a name in `NORMS`.

    Example:
        >>> import torch
        >>> PatchDiscriminator(3, width=4, layers=3)(torch.zeros(1, 3, 256, 256)).shape
        torch.Size([1, 1, 30, 30])
    """

    def __init__(self, channels: int, width: int, layers: int = 3, norm: str = "instance") -> None:
        super().__init__()
        widths = [width * min(2**level, MOST_WIDTHS) for level in range(layers + 1)]
        # In blocks, so that a weight's name, and with it its initial value, does not depend on the norm.
        blocks = [nn.Sequential(normalised(norm, ImageToMaps(channels, width, 4, 2, 1)), _leaky())]
        for level, (before, after) in enumerate(pairwise(widths), start=1):
            norms, stride = norm_layers(norm, after), 2 if level < layers else 1
            convolution = normalised(norm, nn.Conv2d(before, after, 4, stride, 1, bias=not norms))
            blocks.append(nn.Sequential(convolution, *norms, _leaky()))
        self.layers = nn.Sequential(*blocks)
        self.head = normalised(norm, nn.Conv2d(widths[-1], 1, 4, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) to logits (N, 1, h, w)."""
        logits: Tensor = self.head(self.layers(images))
        return logits


def _leaky() -> nn.Module:
    return nn.LeakyReLU(LEAK, inplace=True)


def _layer(norm: str, convolution: nn.Module) -> list[nn.Module]:
    """A convolution, its norm, ReLU, as one block: a weight's name does not depend on the norm."""
    channels = int(convolution.out_channels)  # type: ignore[arg-type]
    return [nn.Sequential(normalised(norm, convolution), *norm_layers(norm, channels), nn.ReLU(inplace=True))]
