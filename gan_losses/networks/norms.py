"""The norms that a recipe chooses from."""

from collections.abc import Callable
from math import gcd

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

# Instance norm is written as group norm: InstanceNorm2d at batch 1 before a channels-last convolution gives wrong
# gradients on torch 2.13, in silence.
NORMS: dict[str, Callable[[int], list[nn.Module]]] = {
    "batch": lambda channels: [nn.BatchNorm2d(channels)],
    "group": lambda channels: [nn.GroupNorm(gcd(8, channels), channels)],
    "layer": lambda channels: [nn.GroupNorm(1, channels)],
    "instance": lambda channels: [nn.GroupNorm(channels, channels)],
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
