"""Least squares: the label is the line, the prediction is the point."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from gan_losses.losses.base import Equilibrium, GANLoss


@final
@dataclass(frozen=True)
class LSGAN(GANLoss):
    """Least squares: L_D = ½(r - b)² + ½(f - a)², L_G = ½(f - c)².

    The generator's slope is f - c: it vanishes at one point only. At p_g = p_data: D = (a + b)/2 everywhere,
    L_D = (b - a)²/4, L_G = ½((a + b)/2 - c)². Source: Mao et al. 2017, arXiv:1611.04076.

    Attributes:
        a: label of fake images.
        b: label of real images.
        c: what the generator wants its images to be taken for. (a, b, c) = (0, 1, 1) is the paper's practical setting,
            (-1, 1, 0) the one that minimises Pearson's χ².

    Example:
        >>> import torch
        >>> real, fake = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.5], [0.5]])
        >>> LSGAN().discriminator(real, fake).item(), LSGAN().generator(fake).item()
        (0.375, 0.125)
    """

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0

    name = "lsgan"
    paper = "arXiv:1611.04076"
    summary = "L_D = ½(r - b)² + ½(f - a)²; L_G = ½(f - c)²"

    @property
    def boundary(self) -> float:
        """Halfway between both labels."""
        return (self.a + self.b) / 2

    @property
    def equilibrium(self) -> Equilibrium:
        """D = (a + b)/2 everywhere."""
        return Equilibrium((self.b - self.a) ** 2 / 4, (self.boundary - self.c) ** 2 / 2)

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of ½(r - b)² plus mean of ½(f - a)²."""
        return ((real - self.b).square().mean() + (fake - self.a).square().mean()) / 2

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of ½(f - c)²."""
        return (fake - self.c).square().mean() / 2

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """D* = (b p + a q)/(p + q)."""
        return (self.b * real + self.a * fake) / (real + fake)
