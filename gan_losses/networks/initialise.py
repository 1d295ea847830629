"""Initial weights drawn per parameter name, so that equal parts of unlike networks start equal."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from gan_losses.random import keyed_generator, stream_seed

Module = TypeVar("Module", bound=nn.Module)
# Fills a weight in place, given the layer that it belongs to and the generator of its numbers. Biases are 0 in all of them.
Scheme = Callable[[nn.Module, Tensor, torch.Generator], None]

SPECTRAL = ("parametrizations.weight.original", "weight")  # how spectral norm names a weight, and its plain name
SMALL = 0.02


def small_normal(layer: nn.Module, weight: Tensor, random: torch.Generator) -> None:
    """DCGAN's (arXiv:1511.06434): weights N(0, 0.02²), norm scales N(1, 0.02²)."""
    weight.normal_(_centre(weight), SMALL, generator=random)


def preserving(gain: float) -> Scheme:
    """Where no norm rescales what a layer gives on: the normal numbers of `small_normal` with standard deviation
    gain/√(inputs of a neuron) in place of 0.02 (He et al. 2015, arXiv:1502.01852), so that signal and slope keep their size
    through the layers. Not for transposed convolutions.
    """

    def scheme(layer: nn.Module, weight: Tensor, random: torch.Generator) -> None:
        deviation = SMALL if weight.dim() == 1 else gain / weight[0].numel() ** 0.5
        weight.normal_(_centre(weight), deviation, generator=random)

    return scheme


def xavier_uniform(layer: nn.Module, weight: Tensor, random: torch.Generator) -> None:
    """Uniform with variance 2 gain²/(inputs + outputs) (Glorot and Bengio 2010), the layer's gain from `with_gain`; norm
    scales 1.
    """
    if weight.dim() == 1:
        weight.fill_(1.0)
        return
    receptive = weight[0, 0].numel()
    bound = gain_of(layer) * (6 / (receptive * (weight.shape[0] + weight.shape[1]))) ** 0.5
    weight.uniform_(-bound, bound, generator=random)


def fan_in_normal(layer: nn.Module, weight: Tensor, random: torch.Generator) -> None:
    """N(0, gain²/inputs of a neuron), the layer's gain from `with_gain`; exact zeros where that is 0."""
    weight.normal_(0.0, gain_of(layer) / weight[0].numel() ** 0.5, generator=random)


def with_gain(layer: Module, gain: float) -> Module:
    """The layer, marked with the gain of its initial weights.

    Example:
        >>> gain_of(with_gain(nn.Linear(2, 2), 0.5)), gain_of(nn.Linear(2, 2))
        (0.5, 1.0)
    """
    layer.initial_gain = gain  # type: ignore[assignment]
    return layer


def gain_of(layer: nn.Module) -> float:
    """The gain that the layer is marked with, 1 where it is not."""
    return float(getattr(layer, "initial_gain", 1.0))


def build(seed: int, stream: str, make: Callable[[], Module], scheme: Scheme = small_normal) -> Module:
    """Make a module and initialise it; whatever its constructor draws is keyed too (spectral norm's vectors)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, f"{stream}/constructor"))
        return initialise(make(), seed, stream, scheme)


@torch.no_grad()
def initialise(module: Module, seed: int, stream: str, scheme: Scheme = small_normal) -> Module:
    """Biases 0, everything else as the scheme has it, in place.

    Each parameter has a generator of its own, keyed by (seed, stream, parameter name).

    Args:
        module: of linear layers, convolutions and norms.
        seed: of the numbers.
        stream: their stream.
        scheme: fills the weights.

    Example:
        >>> first, second = (initialise(nn.Linear(2, 2), 0, "generator").weight for _ in range(2))
        >>> torch.equal(first, second)
        True
    """
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
        else:
            plain = name.replace(*SPECTRAL)
            layer = module.get_submodule(plain.rpartition(".")[0])
            scheme(layer, parameter, keyed_generator(seed, f"weights/{stream}/{plain}"))
    return module


def preserving_gain(leak: float) -> float:
    """√(2/(1 + leak²)): keeps the size of a signal through leaky rectifiers.

    Example:
        >>> preserving_gain(1.0)
        1.0
    """
    return float((2 / (1 + leak**2)) ** 0.5)


def _centre(weight: Tensor) -> float:
    return 1.0 if weight.dim() == 1 else 0.0
