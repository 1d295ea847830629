"""The f-GAN family: any f-divergence, through its convex conjugate.

The variational function is T = g(D), with the activation g of the divergence, and
    L_D = -E g(r) + E f*(g(f)),  whose minimum is -D_f(p ‖ q), at D* = g⁻¹(f'(p/q));
    L_G = -E f*(g(f)), the paper's algorithm 1, or -E g(f), its section 3.2, with `saturating=False`.
Logits are raw; activations and conjugates are composed here into stable forms.
"""

from abc import abstractmethod
from dataclasses import dataclass
from math import log
from typing import final

import torch
import torch.nn.functional as F
from torch import Tensor

from gan_losses.losses import divergences
from gan_losses.losses.base import Equilibrium, GANLoss
from gan_losses.losses.cross_entropy import softplus


class FGAN(GANLoss):
    """What the family shares; a member gives `activation`, `conjugate`, `optimum` and `optimal_loss`."""

    saturating: bool

    paper = "arXiv:1606.00709"

    @abstractmethod
    def activation(self, logits: Tensor) -> Tensor:
        """g(t), rising."""

    @abstractmethod
    def conjugate(self, logits: Tensor) -> Tensor:
        """f*(g(t)), rising."""

    @final
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean of f*(g(f)) minus mean of g(r)."""
        return self.conjugate(fake).mean() - self.activation(real).mean()

    @final
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Mean of -f*(g(f)), or of -g(f) where it is not to saturate."""
        return -(self.conjugate(fake) if self.saturating else self.activation(fake)).mean()


@final
@dataclass(frozen=True)
class KL(FGAN):
    """KL(p ‖ q): g(t) = t, f*(g(t)) = exp(t - 1). L_D* = -KL(p ‖ q) at D* = 1 + log(p/q).

    At p_g = p_data: D = 1, L_D = 0, L_G = -1. Source: Nowozin et al. 2016, arXiv:1606.00709.

    Attributes:
        saturating: whether G minimises the divergence itself (slope -exp(f - 1)) or -g(f) (slope -1).

    Example:
        >>> one = torch.ones(4, 1)
        >>> KL().discriminator(one, one).item(), KL().generator(one).item()
        (0.0, -1.0)
    """

    saturating: bool = True

    name = "kl"
    boundary = 1.0
    equilibrium = Equilibrium(0.0, -1.0)

    @property
    def summary(self) -> str:
        """Both formulas."""
        return f"L_D = -r + exp(f - 1); L_G = {'-exp(f - 1)' if self.saturating else '-f'}"

    @property
    def saturates(self) -> bool:
        """In the form that minimises the divergence."""
        return self.saturating

    def activation(self, logits: Tensor) -> Tensor:
        """The logit."""
        return logits

    def conjugate(self, logits: Tensor) -> Tensor:
        """exp(t - 1)."""
        return torch.exp(logits - 1)

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """1 + log(p/q)."""
        return 1 + torch.log(real / fake)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """-KL(p ‖ q)."""
        return -divergences.kullback_leibler(real, fake)


@final
@dataclass(frozen=True)
class ReverseKL(FGAN):
    """KL(q ‖ p): g(t) = -exp(-t), f*(g(t)) = t - 1. L_D* = -KL(q ‖ p) at D* = log(p/q).

    At p_g = p_data: D = 0, L_D = 0, L_G = 1. Source: Nowozin et al. 2016, arXiv:1606.00709.

    Attributes:
        saturating: whether G minimises the divergence itself (slope -1) or -g(f) (slope -exp(-f)).

    Example:
        >>> zero = torch.zeros(4, 1)
        >>> ReverseKL().discriminator(zero, zero).item(), ReverseKL().generator(zero).item()
        (0.0, 1.0)
    """

    saturating: bool = True

    name = "reverse-kl"
    boundary = 0.0
    equilibrium = Equilibrium(0.0, 1.0)

    @property
    def summary(self) -> str:
        """Both formulas."""
        return f"L_D = exp(-r) + f - 1; L_G = {'1 - f' if self.saturating else 'exp(-f)'}"

    def activation(self, logits: Tensor) -> Tensor:
        """-exp(-t)."""
        return -torch.exp(-logits)

    def conjugate(self, logits: Tensor) -> Tensor:
        """The logit minus 1; in two steps: -1 - log(exp(-t))."""
        return logits - 1

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """log(p/q)."""
        return torch.log(real / fake)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """-KL(q ‖ p)."""
        return -divergences.kullback_leibler(fake, real)


@final
@dataclass(frozen=True)
class Pearson(FGAN):
    """χ²(p ‖ q): g(t) = t, f*(g(t)) = t²/4 + t. L_D* = -χ²(p ‖ q) at D* = 2(p/q - 1).

    Below -2, where p/q would be negative, the conjugate is -1, its lowest value: the paper's table leaves that out, and
    the parabola would turn there and push the generator the wrong way. At p_g = p_data: D = 0, L_D = 0, L_G = 0.
    Source: Nowozin et al. 2016, arXiv:1606.00709.

    Attributes:
        saturating: whether G minimises the divergence itself (slope -(1 + f/2), 0 below -2) or -g(f) (slope -1).

    Example:
        >>> Pearson().discriminator(torch.tensor([2.0]), torch.tensor([2.0])).item()
        1.0
    """

    saturating: bool = True

    name = "pearson"
    boundary = 0.0
    kinks = (-2.0,)
    equilibrium = Equilibrium(0.0, 0.0)

    @property
    def summary(self) -> str:
        """Both formulas."""
        return f"L_D = -r + f²/4 + f (-1 below -2); L_G = {'-f²/4 - f (1 below -2)' if self.saturating else '-f'}"

    @property
    def saturates(self) -> bool:
        """In the form that minimises the divergence."""
        return self.saturating

    def activation(self, logits: Tensor) -> Tensor:
        """The logit."""
        return logits

    def conjugate(self, logits: Tensor) -> Tensor:
        """t²/4 + t, and -1 below -2."""
        return (logits / 2 + 1).relu().square() - 1

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """2(p/q - 1)."""
        return 2 * (real / fake - 1)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """-χ²(p ‖ q)."""
        return -divergences.pearson(real, fake)


@final
@dataclass(frozen=True)
class Hellinger(FGAN):
    """Squared Hellinger: g(t) = 1 - exp(-t), f*(g(t)) = exp(t) - 1. L_D* = -Σ(√p - √q)² at D* = ½ log(p/q).

    At p_g = p_data: D = 0, L_D = 0, L_G = 0. Source: Nowozin et al. 2016, arXiv:1606.00709.

    Attributes:
        saturating: whether G minimises the divergence itself (slope -exp(f)) or -g(f) (slope -exp(-f)).

    Example:
        >>> zero = torch.zeros(4, 1)
        >>> Hellinger().discriminator(zero, zero).item()
        0.0
    """

    saturating: bool = True

    name = "hellinger"
    boundary = 0.0
    equilibrium = Equilibrium(0.0, 0.0)

    @property
    def summary(self) -> str:
        """Both formulas."""
        return f"L_D = exp(-r) + exp(f) - 2; L_G = {'1 - exp(f)' if self.saturating else 'exp(-f) - 1'}"

    @property
    def saturates(self) -> bool:
        """In the form that minimises the divergence."""
        return self.saturating

    def activation(self, logits: Tensor) -> Tensor:
        """1 - exp(-t)."""
        return 1 - torch.exp(-logits)

    def conjugate(self, logits: Tensor) -> Tensor:
        """exp(t) - 1; in two steps: g/(1 - g)."""
        return torch.exp(logits) - 1

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """½ log(p/q)."""
        return torch.log(real / fake) / 2

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """-Σ(√p - √q)²."""
        return -divergences.hellinger(real, fake)


@final
@dataclass(frozen=True)
class JensenShannon(FGAN):
    """Jensen-Shannon: g(t) = log 2 - sp(-t), f*(g(t)) = sp(t) - log 2. L_D* = -2 JS(p, q) at D* = log(p/q).

    `minimax` up to the constant 2 log 2. At p_g = p_data: D = 0, L_D = 0, L_G = 0.
    Source: Nowozin et al. 2016, arXiv:1606.00709.

    Attributes:
        saturating: whether G minimises the divergence itself (slope -σ(f)) or -g(f) (slope -σ(-f)).

    Example:
        >>> zero = torch.zeros(4, 1)
        >>> JensenShannon().discriminator(zero, zero).item()
        0.0
    """

    saturating: bool = True

    name = "jensen-shannon"
    boundary = 0.0
    equilibrium = Equilibrium(0.0, 0.0)

    @property
    def summary(self) -> str:
        """Both formulas."""
        return f"L_D = sp(-r) + sp(f) - 2 log 2; L_G = {'log 2 - sp(f)' if self.saturating else 'sp(-f) - log 2'}"

    @property
    def saturates(self) -> bool:
        """In the form that minimises the divergence."""
        return self.saturating

    def activation(self, logits: Tensor) -> Tensor:
        """g(t) = log 2 - sp(-t)."""
        return F.logsigmoid(logits) + log(2)

    def conjugate(self, logits: Tensor) -> Tensor:
        """sp(t) - log 2; in two steps: -log(2 - eᵍ)."""
        return softplus(logits) - log(2)

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor:
        """log(p/q)."""
        return torch.log(real / fake)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor:
        """-2 JS(p, q)."""
        return -2 * divergences.jensen_shannon(real, fake)
