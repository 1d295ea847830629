"""Initial weights drawn per parameter name, so that equal parts of unlike networks start equal."""

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from gan_losses.random import keyed_generator, stream_seed

Module = TypeVar("Module", bound=nn.Module)

SPECTRAL = ("parametrizations.weight.original", "weight")  # how spectral norm names a weight, and its plain name


def build(seed: int, stream: str, make: Callable[[], Module]) -> Module:
    """Make a module and initialise it; whatever its constructor draws is keyed too (spectral norm's vectors)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(seed, f"{stream}/constructor"))
        return initialise(make(), seed, stream)


@torch.no_grad()
def initialise(module: Module, seed: int, stream: str) -> Module:
    """DCGAN's initialisation (arXiv:1511.06434), in place: weights N(0, 0.02²), norm scales N(1, 0.02²), biases 0.

    Each parameter has a generator of its own, keyed by (seed, stream, parameter name).

    Example:
        >>> first, second = (initialise(nn.Linear(2, 2), 0, "generator").weight for _ in range(2))
        >>> torch.equal(first, second)
        True
    """
    for name, parameter in module.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
        else:
            mean = 1.0 if parameter.dim() == 1 else 0.0
            random = keyed_generator(seed, f"weights/{stream}/{name.replace(*SPECTRAL)}")
            parameter.normal_(mean, 0.02, generator=random)
    return module
