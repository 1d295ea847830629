"""Penalties on the discriminator's gradient, a library apart from the losses: images in, one scalar out.

Each differentiates the mean logit per image (a patch map's average), takes norms per sample over C, H, W, and averages
over the batch. Batch norm in the discriminator mixes samples and voids them.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from gan_losses.errors import UsageError, unknown_name

Discriminator = Callable[[Tensor], Tensor]


class Penalty(ABC):
    """A penalty: a frozen dataclass, called with (discriminator, real, fake, random).

    Images are float (N, C, H, W) (any shape (N, …) works), `random` is the generator of all its draws.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The name the user types after a plus."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """The formula in one line."""

    @property
    def allows_batch_norm(self) -> bool:
        """Whether the discriminator may mix the samples of a batch."""
        return False

    @property
    def replaces_clipping(self) -> bool:
        """Whether it bounds the slope, so that weights need no clipping beside it."""
        return False

    @abstractmethod
    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
        """The penalty as a scalar that can be differentiated by the discriminator's weights."""


def input_gradient(discriminator: Discriminator, images: Tensor) -> Tensor:
    """∇x of the mean logit of each image, with its graph.

    Args:
        discriminator: maps (N, …) images to logits (N, …).
        images: (N, …), without a graph.

    Returns:
        (N, …), the gradient at each image, independent of the other images where D does not mix samples.

    Example:
        >>> input_gradient(lambda images: 3 * images, torch.ones(2, 1)).tolist()
        [[3.0], [3.0]]
    """
    images = images.detach().requires_grad_()
    with torch.enable_grad():
        logits = discriminator(images).to(images.dtype)  # autocast gives short ones
        means = logits.reshape(len(images), -1).mean(1)
        (gradient,) = torch.autograd.grad(means.sum(), images, create_graph=True)
    return gradient


def interpolate(real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """x̂ = εx + (1 - ε)G(z) with one ε ~ U[0, 1) per sample."""
    weight = torch.rand(len(real), *[1] * (real.dim() - 1), generator=random, device=real.device, dtype=real.dtype)
    return torch.lerp(fake.detach().to(real.dtype), real, weight)


@final
@dataclass(frozen=True)
class GradientPenalty(Penalty):
    """λ E(‖∇x̂ D(x̂)‖ - 1)² on interpolates x̂ = εx + (1 - ε)G(z), ε ~ U[0, 1) per sample.

    On a patch map the mean logit per image is differentiated: it constrains the average, not each patch.
    Source: Gulrajani et al. 2017, arXiv:1704.00028.

    Attributes:
        weight: λ.

    Example:
        >>> images = torch.zeros(8, 2)
        >>> GradientPenalty(10.0)(lambda x: x @ torch.tensor([[0.0], [3.0]]), images, images, torch.Generator()).item()
        40.0
    """

    weight: float = 10.0

    name = "gp"
    summary = "λ E(‖∇D(x̂)‖ - 1)²"
    replaces_clipping = True

    def __call__(self, discriminator: Discriminator, real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
        """The penalty; λ at a constant discriminator."""
        gradient = input_gradient(discriminator, interpolate(real, fake, random))
        # vector_norm's derivative at 0 is 0, where sqrt(sum of squares) gives NaN.
        norms: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
        return self.weight * (norms - 1).square().mean()


PENALTIES: dict[str, Callable[..., Penalty]] = {
    "gp": GradientPenalty,
}


def get_penalty(text: str) -> Penalty:
    """The penalty of that name, "gp" or "gp:5" with its weight.

    Raises:
        UsageError: no such penalty, or a weight that is no positive number.

    Example:
        >>> get_penalty("gp:5")
        GradientPenalty(weight=5.0)
    """
    name, colon, weight = text.partition(":")
    if name not in PENALTIES:
        raise unknown_name("penalty", name, PENALTIES)
    if not colon:
        return PENALTIES[name]()
    try:
        value = float(weight)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise UsageError(f"penalty {text!r}: expected a positive weight after the colon, as in '{name}:10'.")
    return PENALTIES[name](value)
