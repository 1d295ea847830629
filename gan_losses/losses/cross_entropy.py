"""Binary cross-entropy on logits: the non-saturating form that everyone trains with, and the minimax original."""

from abc import abstractmethod
from dataclasses import dataclass
from math import exp, log, log1p
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_losses.errors import require, require_share
from gan_losses.losses.base import Equilibrium, GANLoss
from gan_losses.losses.divergences import jensen_shannon


def softplus(logits: Tensor) -> Tensor:
    """log(1 + eᵗ), exact for any t in any dtype.

    `F.softplus` turns linear above 20, which in float64 is off by 2e-9; above 40 it is off by 4e-18, less than rounding.
    """
    return F.softplus(logits, threshold=40.0)


class CrossEntropy(GANLoss):
    """The discriminator that both forms share: with labels 1 and 0, L_D = sp(-r) + sp(f).

    A label y costs y sp(-t) + (1 - y) sp(t). Labels are the discriminator's alone; the generator's loss has none.
    """

    real_label: float
    fake_label: float

    paper = "arXiv:1406.2661"

    def __post_init__(self) -> None:
        require_share(self, "real_label", "fake_label", "flip")
        require(self.real_label > self.fake_label, self, "real_label", "above the fake one")

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """What the forms differ in."""

    @final
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean cross-entropy of r with the real label plus that of f with the fake one."""
        # Textbook: -log σ(r) - log(1 - σ(f)); sigmoid and logarithm taken apart fail in float32 near |logit| 17.
        return _cross_entropy(real, self.real_label) + _cross_entropy(fake, self.fake_label)

    def _labels(self) -> tuple[float, float]:
        """The labels' expectations, flips counted."""
        real, fake, flip = self.real_label, self.fake_label, self.flip
        return (1 - flip) * real + flip * fake, (1 - flip) * fake + flip * real

    @property
    def boundary(self) -> float:
        """The optimal logit where p = q: 0 but for lopsided smoothing."""
        share = sum(self._labels()) / 2
        return log(share / (1 - share))

    @final
    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """D* = log((αp + βq)/((1 - α)p + (1 - β)q)), α and β the labels; log(p/q) for 1 and 0."""
        on_real, on_fake = self._labels()
        return torch.log((on_real * real + on_fake * fake) / ((1 - on_real) * real + (1 - on_fake) * fake))

    @final
    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """The entropy of the label given the point; 2 log 2 - 2 JS(p, q) for labels 1 and 0."""
        if self._labels() == (1.0, 0.0):
            return 2 * log(2) - 2 * jensen_shannon(real, fake)
        on_real, on_fake = self._labels()
        one = on_real * real + on_fake * fake
        zero = real + fake - one
        return -(torch.xlogy(one, one / (real + fake)) + torch.xlogy(zero, zero / (real + fake))).sum()

    def _resting(self) -> float:
        """L_D at p = q."""
        half = torch.tensor([0.5, 0.5], dtype=torch.float64)
        return self.optimal_loss(half, half).item()


def _cross_entropy(logits: Tensor, label: float) -> Tensor:
    if label == 1:
        return -F.logsigmoid(logits).mean()
    if label == 0:
        return softplus(logits).mean()
    return (1 - label) * softplus(logits).mean() - label * F.logsigmoid(logits).mean()


@final
@dataclass(frozen=True)
class BCE(CrossEntropy):
    """Non-saturating cross-entropy: L_D = sp(-r) + sp(f), L_G = sp(-f), with sp(t) = log(1 + eᵗ).

    The generator's slope is -σ(-f): it dies where G wins. At p_g = p_data: D = 0, L_D = 2 log 2, L_G = log 2; smoothed
    labels move that. Source: Goodfellow et al. 2014, arXiv:1406.2661.

    Attributes:
        real_label: of real images; 0.9 is one-sided smoothing (arXiv:1606.03498).
        fake_label: of fake images; 0.1 beside 0.9 is two-sided smoothing.
        flip: the probability that the labels of a pair of real and fake logits are swapped.

    Example:
        >>> zero = torch.zeros(4, 1)
        >>> round(BCE().discriminator(zero, zero).item(), 6), round(BCE().generator(zero).item(), 6)
        (1.386294, 0.693147)
    """

    real_label: float = 1.0
    fake_label: float = 0.0
    flip: float = 0.0

    name = "bce"
    summary = "L_D = sp(-r) + sp(f); L_G = sp(-f)"

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of sp(-f); textbook: -log σ(f)."""
        return -F.logsigmoid(fake).mean()

    @property
    def equilibrium(self) -> Equilibrium:
        """2 log 2 and log 2 for labels 1 and 0."""
        return Equilibrium(self._resting(), log1p(exp(-self.boundary)))


@final
@dataclass(frozen=True)
class Minimax(CrossEntropy):
    """The saturating original: L_D = sp(-r) + sp(f), L_G = -sp(f); the generator maximises what D minimises.

    The generator's slope is -σ(f): it dies where D wins (f → -∞). At p_g = p_data: L_D = 2 log 2, L_G = -log 2.
    Source: Goodfellow et al. 2014, arXiv:1406.2661.

    Attributes:
        real_label: of real images; 0.9 is one-sided smoothing (arXiv:1606.03498).
        fake_label: of fake images; 0.1 beside 0.9 is two-sided smoothing.
        flip: the probability that the labels of a pair of real and fake logits are swapped.

    Example:
        >>> round(Minimax().generator(torch.zeros(4, 1)).item(), 6)
        -0.693147
    """

    real_label: float = 1.0
    fake_label: float = 0.0
    flip: float = 0.0

    name = "minimax"
    summary = "L_D = sp(-r) + sp(f); L_G = -sp(f)"
    saturates = True

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of -sp(f); textbook: log(1 - σ(f))."""
        return -softplus(fake).mean()

    @property
    def equilibrium(self) -> Equilibrium:
        """2 log 2 and -log 2 for labels 1 and 0."""
        return Equilibrium(self._resting(), -log1p(exp(self.boundary)))
