"""Networks of linear layers for points: (N, inputs) to (N, outputs)."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from gan_losses.networks.initialise import Scheme, preserving
from gan_losses.networks.norms import normalised


class Maxout(nn.Module):
    """The largest of each `pieces` neighbours: (N, width · pieces) to (N, width) (Goodfellow et al. 2013, arXiv:1302.4389).

    Args:
        pieces: linear functions to each unit.

    Example:
        >>> import torch
        >>> Maxout(2)(torch.tensor([[1.0, 3.0, 0.0, -2.0]])).tolist()
        [[3.0, 0.0]]
    """

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, values: Tensor) -> Tensor:
        """The largest of each group."""
        largest: Tensor = values.unflatten(-1, (-1, self.pieces)).amax(-1)
        return largest


class Activation(NamedTuple):
    """What follows a linear layer.

    Attributes:
        make: the module.
        gain: of the weights before it, so that the mean square of a unit's value stays.
        pieces: linear functions to each unit.
    """

    make: Callable[[], nn.Module]
    gain: float
    pieces: int = 1


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(nn.ReLU, 2**0.5),
    "tanh": Activation(nn.Tanh, 1.0),
    # The mean square of the largest of five normal numbers is 1.800.
    "maxout5": Activation(partial(Maxout, 5), 1.800**-0.5, 5),
}

# `gan_losses.networks.norms.NORMS` are those of maps; these are of points.
NORMS: dict[str, Callable[[int], list[nn.Module]]] = {
    "none": lambda width: [],
    "spectral": lambda width: [],
    "batch": lambda width: [nn.BatchNorm1d(width)],
    "layer": lambda width: [nn.LayerNorm(width)],
}


class MLP(nn.Module):
    """`depth` layers of linear, norm, activation, and a linear one behind them.

    Args:
        inputs: numbers in.
        width: of the inner layers.
        depth: inner layers.
        outputs: numbers out, raw.
        norm: a name in this module's `NORMS`; spectral norm is on every layer, the last one too (arXiv:1802.05957).
        activation: a name in `ACTIVATIONS`.

    Example:
        >>> network = MLP(2, width=8, depth=2, outputs=1)
        >>> sum(weight.numel() for weight in network.parameters())  # 2·8+8 + 8·8+8 + 8+1
        105
    """

    def __init__(
        self, inputs: int, width: int, depth: int, outputs: int, norm: str = "none", activation: str = "relu"
    ) -> None:
        super().__init__()
        chosen, blocks = ACTIVATIONS[activation], []
        for before, after in pairwise([inputs, *[width] * depth]):
            linear = normalised(norm, nn.Linear(before, after * chosen.pieces))
            blocks.append(nn.Sequential(linear, *NORMS[norm](after * chosen.pieces), chosen.make()))
        self.layers = nn.Sequential(*blocks)
        self.last = normalised(norm, nn.Linear(width, outputs))

    def forward(self, points: Tensor) -> Tensor:
        """(N, inputs) to (N, outputs)."""
        values: Tensor = self.last(self.layers(points))
        return values


def scheme_of(activation: str) -> Scheme:
    """Initial weights under which a signal keeps its size through the layers."""
    return preserving(ACTIVATIONS[activation].gain)
