"""Least squares: the label is the line, the prediction is the point."""

from dataclasses import dataclass
from math import isfinite
from typing import final

from torch import Tensor

from gan_losses.errors import require, require_share
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
            (-1, 1, 0), known as `lsgan-pearson`, the one whose generator minimises Pearson's χ²(p + q, 2q)/2.
        flip: the probability that the labels of a pair of real and fake logits are swapped. Smoothing is a matter of
            `a` and `b`.

    Example:
        >>> import torch
        >>> real, fake = torch.tensor([[1.0], [0.0]]), torch.tensor([[0.5], [0.5]])
        >>> LSGAN().discriminator(real, fake).item(), LSGAN().generator(fake).item()
        (0.375, 0.125)
    """

    a: float = 0.0
    b: float = 1.0
    c: float = 1.0
    flip: float = 0.0

    paper = "arXiv:1611.04076"

    def __post_init__(self) -> None:
        for label in ("a", "b", "c"):
            require(isfinite(getattr(self, label)), self, label, "a finite number")
        require(self.a < self.b, self, "a", "below the label of real images")
        require_share(self, "flip")

    @property
    def name(self) -> str:
        """`lsgan-pearson` with the labels (-1, 1, 0), `lsgan` with all others."""
        return "lsgan-pearson" if (self.a, self.b, self.c) == (-1, 1, 0) else "lsgan"

    @property
    def summary(self) -> str:
        """Both formulas and the labels."""
        labels = f"(a, b, c) = ({self.a:g}, {self.b:g}, {self.c:g})"
        return f"L_D = ½(r - b)² + ½(f - a)²; L_G = ½(f - c)²; {labels}"

    @property
    def target(self) -> float:
        """The label c."""
        return self.c

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

    def _labels(self) -> tuple[float, float]:
        """The labels of fake and real, flips counted."""
        return (1 - self.flip) * self.a + self.flip * self.b, (1 - self.flip) * self.b + self.flip * self.a

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """D* = (b p + a q)/(p + q)."""
        on_fake, on_real = self._labels()
        return (on_real * real + on_fake * fake) / (real + fake)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """(b - a)² (2 - χ²)/8 without flips, where χ² = Σ (p - q)²/(p + q), the paper's χ²(p + q, 2q)."""
        # Flips add the variance of the label, flip (1 - flip)(b - a)², for real and fake, and move the labels together.
        on_fake, on_real = self._labels()
        spread = self.flip * (1 - self.flip) * (self.b - self.a) ** 2
        distance = ((real - fake).square() / (real + fake)).sum()
        return (on_real - on_fake) ** 2 * (2 - distance) / 8 + spread
