"""Binary cross-entropy on logits: the non-saturating form that everyone trains with, and the minimax original."""

from dataclasses import dataclass
from math import log
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_losses.losses.base import Equilibrium, GANLoss


def softplus(logits: Tensor) -> Tensor:
    """log(1 + eᵗ), exact for any t; `F.softplus` turns linear above 20, off by 2e-9 even in float64."""
    return -F.logsigmoid(-logits)


def _discriminator(real: Tensor, fake: Tensor) -> Tensor:
    # Textbook: -log σ(r) - log(1 - σ(f)); sigmoid and logarithm taken apart fail in float32 near |logit| 17.
    return softplus(-real).mean() + softplus(fake).mean()


@final
@dataclass(frozen=True)
class BCE(GANLoss):
    """Non-saturating cross-entropy: L_D = sp(-r) + sp(f), L_G = sp(-f), with sp(t) = log(1 + eᵗ).

    The generator's slope is -σ(-f): it dies where G wins. At p_g = p_data: D = 0, L_D = 2 log 2, L_G = log 2.
    Source: Goodfellow et al. 2014, arXiv:1406.2661.

    Example:
        >>> zero = torch.zeros(4, 1)
        >>> round(BCE().discriminator(zero, zero).item(), 6), round(BCE().generator(zero).item(), 6)
        (1.386294, 0.693147)
    """

    name = "bce"
    paper = "arXiv:1406.2661"
    summary = "L_D = sp(-r) + sp(f); L_G = sp(-f)"
    boundary = 0.0
    equilibrium = Equilibrium(2 * log(2), log(2))

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of sp(-r) plus mean of sp(f)."""
        return _discriminator(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of sp(-f); textbook: -log σ(f)."""
        return softplus(-fake).mean()

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """D* = log(p / q)."""
        return torch.log(real / fake)


@final
@dataclass(frozen=True)
class Minimax(GANLoss):
    """The saturating original: L_D = sp(-r) + sp(f), L_G = -sp(f); the generator maximises what D minimises.

    The generator's slope is -σ(f): it dies where D wins (f → -∞). At p_g = p_data: L_D = 2 log 2, L_G = -log 2.
    Source: Goodfellow et al. 2014, arXiv:1406.2661.

    Example:
        >>> round(Minimax().generator(torch.zeros(4, 1)).item(), 6)
        -0.693147
    """

    name = "minimax"
    paper = "arXiv:1406.2661"
    summary = "L_D = sp(-r) + sp(f); L_G = -sp(f)"
    boundary = 0.0
    equilibrium = Equilibrium(2 * log(2), -log(2))

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of sp(-r) plus mean of sp(f)."""
        return _discriminator(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of -sp(f); textbook: log(1 - σ(f))."""
        return -softplus(fake).mean()

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """D* = log(p / q)."""
        return torch.log(real / fake)
