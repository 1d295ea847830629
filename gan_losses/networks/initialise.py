"""Initial weights drawn per parameter name, so that equal parts of unlike networks start equal."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from gan_losses.random import keyed_generator, stream_seed

Module = TypeVar("Module", bound=nn.Module)

SPECTRAL = ("parametrizations.weight.original", "weight")  # how spectral norm names a weight, and its plain name


def build(seed: int, stream: str, make: Callable[[], Module], gain: float | None = None) -> Module:
    """Make a module and initialise it; whatever its constructor draws is keyed too (spectral norm's vectors)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, f"{stream}/constructor"))
        return initialise(make(), seed, stream, gain)


@torch.no_grad()
def initialise(module: Module, seed: int, stream: str, gain: float | None = None) -> Module:
    """DCGAN's initialisation (arXiv:1511.06434), in place: weights N(0, 0.02²), norm scales N(1, 0.02²), biases 0.

    Each parameter has a generator of its own, keyed by (seed, stream, parameter name).

    Args:
        module: of linear layers and convolutions (transposed ones only without `gain`).
        seed: of the numbers.
        stream: their stream.
        gain: where no norm rescales what a layer gives on: the same normal numbers with standard deviation
            gain/√(inputs of a neuron) in place of 0.02 (He et al. 2015, arXiv:1502.01852), so that signal and slope keep
            their size through the layers; None keeps DCGAN's.

    Example:
        >>> first, second = (initialise(nn.Linear(2, 2), 0, "generator").weight for _ in range(2))
        >>> torch.equal(first, second)
        True
    """
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
        else:
            flat = parameter.dim() == 1
            mean, deviation = 1.0 if flat else 0.0, 0.02
            if gain is not None and not flat:
                deviation = gain / parameter[0].numel() ** 0.5
            random = keyed_generator(seed, f"weights/{stream}/{name.replace(*SPECTRAL)}")
            parameter.normal_(mean, deviation, generator=random)
    return module


def preserving_gain(leak: float) -> float:
    """√(2/(1 + leak²)): keeps the size of a signal through leaky rectifiers.

    Example:
        >>> preserving_gain(1.0)
        1.0
    """
    return float((2 / (1 + leak**2)) ** 0.5)
