"""Relativistic losses: a logit counts only beside the logits of the other kind. Both networks see both."""

from dataclasses import dataclass
from math import log
from typing import final

import torch.nn.functional as F
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.losses.base import Equilibrium, GANLoss, Recipe
from gan_losses.losses.composed import Composed
from gan_losses.penalties import R1, R2

# The paper's stable setting: DCGAN's Adam, spectral norm in the discriminator.
_PUBLISHED = Recipe(discriminator_norm="spectral")


def _both(fake: Tensor, real: Tensor | None) -> Tensor:
    if real is None:
        raise UsageError("a relativistic generator needs the logits of real images too: generator(fake, real).")
    return real


@final
@dataclass(frozen=True)
class RpGAN(GANLoss):
    """Relativistic paired: L_D = sp(-(r - f)), L_G = sp(-(f - r)), real and fake paired by their place in the batch.

    Only differences count: a constant added to D changes nothing, and both losses swap under r ↔ f. The generator's slope
    is -σ(-(f - r)). At p_g = p_data: both log 2. Source: Jolicoeur-Martineau 2018, arXiv:1807.00734.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4, 1)
        >>> round(RpGAN().generator(zero, zero).item(), 6)
        0.693147
    """

    name = "rpgan"
    paper = "arXiv:1807.00734"
    summary = "L_D = sp(-(r - f)); L_G = sp(-(f - r)), in pairs"
    pairs_logits = True
    equilibrium = Equilibrium(log(2), log(2))
    published = _PUBLISHED

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of sp(-(r - f))."""
        return -F.logsigmoid(_difference(real, fake)).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of sp(-(f - r))."""
        return -F.logsigmoid(_difference(fake, _both(fake, real))).mean()


def _difference(first: Tensor, second: Tensor) -> Tensor:
    if first.shape != second.shape:  # broadcasting would pair each with all
        shapes = f"{tuple(first.shape)} and {tuple(second.shape)}"
        raise UsageError(f"logits are paired by their place: expected real and fake of one shape, got {shapes}.")
    return first - second


@final
@dataclass(frozen=True)
class RaGAN(GANLoss):
    """Relativistic average: L_D = sp(-(r - f̄)) + sp(f - r̄), L_G = sp(-(f - r̄)) + sp(r - f̄), bars the batch's means.

    Both means carry gradient, and the real term of L_G stays. The two halves are summed (the paper's code takes their
    mean). At p_g = p_data: both 2 log 2. Source: Jolicoeur-Martineau 2018, arXiv:1807.00734.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4, 1)
        >>> round(RaGAN().generator(zero, zero).item(), 6)
        1.386294
    """

    name = "ragan"
    paper = "arXiv:1807.00734"
    summary = "L_D = sp(-(r - f̄)) + sp(f - r̄); L_G = sp(-(f - r̄)) + sp(r - f̄)"
    pairs_logits = True
    equilibrium = Equilibrium(2 * log(2), 2 * log(2))
    published = _PUBLISHED

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of sp(-(r - f̄)) plus mean of sp(f - r̄)."""
        return -F.logsigmoid(real - fake.mean()).mean() - F.logsigmoid(real.mean() - fake).mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The discriminator's loss with real and fake swapped."""
        return self.discriminator(fake, _both(fake, real))


@final
@dataclass(frozen=True)
class RaLSGAN(GANLoss):
    """Relativistic average least squares: L_D = (r - f̄ - 1)² + (f - r̄ + 1)², L_G = (f - r̄ - 1)² + (r - f̄ + 1)².

    At p_g = p_data: both 2. Source: Jolicoeur-Martineau 2018, arXiv:1807.00734.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4, 1)
        >>> RaLSGAN().discriminator(zero, zero).item(), RaLSGAN().generator(zero, zero).item()
        (2.0, 2.0)
    """

    name = "ralsgan"
    paper = "arXiv:1807.00734"
    summary = "L_D = (r - f̄ - 1)² + (f - r̄ + 1)²; L_G = (f - r̄ - 1)² + (r - f̄ + 1)²"
    pairs_logits = True
    target = 1.0
    equilibrium = Equilibrium(2.0, 2.0)
    published = _PUBLISHED

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of (r - f̄ - 1)² plus mean of (f - r̄ + 1)²."""
        return (real - fake.mean() - 1).square().mean() + (fake - real.mean() + 1).square().mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The discriminator's loss with real and fake swapped."""
        return self.discriminator(fake, _both(fake, real))


def r3gan(weight: float = 1.0) -> Composed:
    """Relativistic paired with both zero-centred penalties: L_D = sp(-(r - f)) + (γ/2)(R1 + R2), L_G = sp(-(f - r)).

    The paper uses no norm in D and penalties at every step: lazy ones fail to converge there.
    Source: Huang et al. 2024, arXiv:2501.05441 (γ by data set: it has to fall with the number of pixels, 0.05 for CIFAR-10).

    Example:
        >>> r3gan().penalties
        (R1(weight=1.0, every=1, patches=False), R2(weight=1.0, every=1, patches=False))
    """
    recipe = Recipe(betas=(0.0, 0.99), discriminator_norm="none")
    return Composed(RpGAN(), (R1(weight), R2(weight)), "r3gan", "arXiv:2501.05441", recipe)
