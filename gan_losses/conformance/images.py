"""A small world for penalties: images, discriminators without modules, and an update of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from gan_losses.conformance.base import uniform
from gan_losses.losses.base import GANLoss
from gan_losses.penalties import Update
from gan_losses.random import keyed_generator

CHANNELS, SIZE = 2, 8
Critic = Callable[[Tensor], Tensor]


def drawn(key: str, size: int) -> Tensor:
    """Images (size, 2, 8, 8), float64."""
    return uniform(f"images/{key}", size, CHANNELS, SIZE, SIZE, reach=1.0)


@dataclass
class Network:
    """D as a small convolutional net: smooth, nonlinear, steep enough that slopes above 1 are met.

    Attributes:
        scale: of all weights; 0 makes D constant.
        dtype: of all weights.
    """

    scale: float = 1.0
    dtype: torch.dtype = torch.float64
    weights: list[Tensor] = field(init=False)

    def __post_init__(self) -> None:
        shapes = (4, CHANNELS, 3, 3), (4,), (1, 4, SIZE, SIZE)
        drawn = [uniform(f"weights/{index}", *shape, reach=self.scale) for index, shape in enumerate(shapes)]
        self.weights = [weight.to(self.dtype).requires_grad_() for weight in drawn]

    def __call__(self, images: Tensor) -> Tensor:
        """Logits (N, 1, 1, 1)."""
        filters, biases, last = self.weights
        return torch.conv2d(torch.conv2d(images, filters, biases, padding=1).tanh(), last)


@dataclass
class Probe:
    """One update with a penalty.

    Attributes:
        critic: D.
        real: images.
        fake: images.
        seed: of the draws.
    """

    critic: Critic = field(default_factory=Network)
    real: Tensor = field(default_factory=lambda: drawn("real", 6))
    fake: Tensor = field(default_factory=lambda: drawn("fake", 6))
    seed: int = 0


def penalty(loss: GANLoss, probe: Probe) -> Tensor | None:
    """The loss's penalty at a first update, without memories; None for a loss that has none."""
    random = keyed_generator(probe.seed, "conformance/penalty")
    return loss.penalty(Update(probe.critic, probe.real, probe.fake, random))
