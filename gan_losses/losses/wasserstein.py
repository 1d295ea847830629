"""The Wasserstein loss with clipped weights, and with the gradient penalty in their place."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from gan_losses.errors import require_positive
from gan_losses.losses.base import Equilibrium, GANLoss, Recipe
from gan_losses.losses.composed import Composed
from gan_losses.penalties import GradientPenalty, OneSidedPenalty


@final
@dataclass(frozen=True)
class WGAN(GANLoss):
    """Wasserstein: L_D = f - r, L_G = -f, with the discriminator's weights clipped to ±`clip`.

    -L_D is at best a lower bound of the earth mover's distance up to the critic's unknown Lipschitz constant; it is not
    to be read as a distance. The generator's slope is -1 everywhere: what starves G is the critic alone. At p_g = p_data
    L_D = 0; L_G is determined only up to a constant. Source: Arjovsky et al. 2017, arXiv:1701.07875.

    Attributes:
        clip: bound of every weight after each discriminator update; None leaves the constraint to a penalty.

    Example:
        >>> import torch
        >>> real, fake = torch.tensor([[3.0], [1.0]]), torch.tensor([[0.5], [0.5]])
        >>> WGAN().discriminator(real, fake).item(), WGAN().generator(fake).item()
        (-1.5, -0.5)
    """

    clip: float | None = 0.01

    name = "wgan"
    paper = "arXiv:1701.07875"
    summary = "L_D = f - r, weights clipped; L_G = -f"
    equilibrium = Equilibrium(0.0, None)
    published = Recipe(optimizer="rmsprop", learning_rate=5e-5, n_critic=5)

    def __post_init__(self) -> None:
        if self.clip is not None:
            require_positive(self, "clip")

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of f minus mean of r."""
        return fake.mean() - real.mean()

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of -f."""
        return -fake.mean()


_PENALISED = Recipe(learning_rate=1e-4, betas=(0.0, 0.9), discriminator_norm="layer", n_critic=5)


def wgangp(weight: float = 10.0) -> Composed:
    """Wasserstein with gradient penalty: L_D = f - r + λ(‖∇x̂ D(x̂)‖ - 1)², L_G = -f.

    Source: Gulrajani et al. 2017, arXiv:1704.00028 (λ = 10; 0.1 on two-dimensional toys; layer norm in place of batch norm).

    Example:
        >>> wgangp().name, wgangp().clip, wgangp().published.n_critic
        ('wgangp', None, 5)
    """
    return Composed(WGAN(), (GradientPenalty(weight),), "wgangp", GradientPenalty.paper, _PENALISED)


def wganlp(weight: float = 10.0) -> Composed:
    """Wasserstein with the one-sided penalty: L_D = f - r + λ max(0, ‖∇x̂ D(x̂)‖ - 1)², L_G = -f.

    Source: Petzka et al. 2018, arXiv:1709.08894 (in the setting of wgangp).

    Example:
        >>> wganlp().name, wganlp().penalties
        ('wganlp', (OneSidedPenalty(weight=10.0, every=1, patches=False),))
    """
    return Composed(WGAN(), (OneSidedPenalty(weight),), "wganlp", OneSidedPenalty.paper, _PENALISED)
