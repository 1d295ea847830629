"""The norms that a recipe chooses from."""

from collections.abc import Callable
from math import gcd

from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm


class InstanceNorm(nn.Module):
    """Each map of each image to mean 0 and variance 1, without parameters (Ulyanov et al. 2016, arXiv:1607.08022).

    In place of `nn.InstanceNorm2d` and `F.instance_norm`: on torch 2.13's CPU their gradients are wrong, in silence, at
    batch 1 where the slope that comes in is channels-last. Group norm with a group for each channel is the same function.

    Args:
        channels: of the maps.

    Example:
        >>> import torch
        >>> InstanceNorm(2)(torch.arange(8.0).view(1, 2, 2, 2)).mean((2, 3)).abs().max().item() < 1e-6
        True
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, maps: Tensor) -> Tensor:
        """(N, channels, H, W) to the same shape, contiguous."""
        return F.group_norm(maps.contiguous(), self.channels)

    def extra_repr(self) -> str:
        """The number of channels."""
        return str(self.channels)


NORMS: dict[str, Callable[[int], list[nn.Module]]] = {
    "batch": lambda channels: [nn.BatchNorm2d(channels)],
    "group": lambda channels: [nn.GroupNorm(gcd(8, channels), channels)],
    "layer": lambda channels: [nn.GroupNorm(1, channels)],
    "instance": lambda channels: [InstanceNorm(channels)],
    "spectral": lambda channels: [],
    "none": lambda channels: [],
}

# Norms under which no layer's output is rescaled: initial weights have to keep its size.
PLAIN = ("none",)
WEIGHT_NORMS: dict[str, Callable[[nn.Module], nn.Module]] = {"spectral": spectral_norm}


def norm_layers(norm: str, channels: int) -> list[nn.Module]:
    """The layers that follow a convolution under `norm`: one, or none for a norm that acts on weights."""
    return NORMS[norm](channels)


def normalised(norm: str, layer: nn.Module) -> nn.Module:
    """`layer` as it is, or with its weight reparametrised where `norm` acts on weights (spectral norm)."""
    return WEIGHT_NORMS[norm](layer) if norm in WEIGHT_NORMS else layer
