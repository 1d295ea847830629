"""The hinge: the discriminator is content beyond a margin."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from gan_losses.losses.base import Equilibrium, GANLoss, Recipe
from gan_losses.losses.divergences import total_variation


@final
@dataclass(frozen=True)
class Hinge(GANLoss):
    """Hinge: L_D = max(0, 1 - r) + max(0, 1 + f), L_G = -f.

    The generator's slope is -1 everywhere. At p_g = p_data every constant D in [-1, 1] is optimal: L_D = 2, L_G in [-1, 1].
    Source: Lim and Ye 2017, arXiv:1705.02894; the published recipe is that of Miyato et al. 2018, arXiv:1802.05957, with
    spectral norm.

    Example:
        >>> real, fake = torch.tensor([[0.5], [3.0]]), torch.tensor([[-2.0], [1.0]])
        >>> Hinge().discriminator(real, fake).item(), Hinge().generator(fake).item()
        (1.25, 0.5)
    """

    name = "hinge"
    paper = "arXiv:1705.02894"
    summary = "L_D = max(0, 1 - r) + max(0, 1 + f); L_G = -f"
    boundary = 0.0
    kinks = (-1.0, 1.0)
    equilibrium = Equilibrium(2.0, (-1.0, 1.0))
    published = Recipe(betas=(0.0, 0.9), discriminator_norm="spectral", n_critic=5)

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of max(0, 1 - r) plus mean of max(0, 1 + f)."""
        return (1 - real).relu().mean() + (1 + fake).relu().mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of -f."""
        return -fake.mean()

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """D* = sign(p - q); anything in [-1, 1] where p = q."""
        return torch.sign(real - fake)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """2 - 2 TV(p, q)."""
        return 2 - 2 * total_variation(real, fake)
