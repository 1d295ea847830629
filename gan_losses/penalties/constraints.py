"""Constraints on the discriminator that add no term: they say what has to be done to its weights."""

from dataclasses import dataclass
from typing import final

from gan_losses.errors import require_positive
from gan_losses.penalties.base import Penalty, Update


@final
@dataclass(frozen=True)
class Clipping(Penalty):
    """Every weight of the discriminator is clipped to ±bound after each update (by whoever trains).

    Source: Arjovsky et al. 2017, arXiv:1701.07875.

    Attributes:
        bound: the largest size of a weight.

    Example:
        >>> Clipping().clip
        0.01
    """

    bound: float = 0.01

    name = "clip"
    paper = "arXiv:1701.07875"
    summary = "weights of D clipped to ±bound after each update"

    def __post_init__(self) -> None:
        require_positive(self, "bound")

    @property
    def clip(self) -> float:
        """The bound."""
        return self.bound

    def value(self, update: Update) -> None:
        """No term."""
        return


@final
@dataclass(frozen=True)
class SpectralNorm(Penalty):
    """The discriminator is built with spectral norm in place of its other norms (`NORMS["spectral"]`).

    In a loop of your own, wrap D's layers with `torch.nn.utils.parametrizations.spectral_norm`.
    Source: Miyato et al. 2018, arXiv:1802.05957.

    Example:
        >>> SpectralNorm().discriminator_norm
        'spectral'
    """

    name = "spectral"
    paper = "arXiv:1802.05957"
    summary = "D with spectral norm in place of other norms"
    discriminator_norm = "spectral"
    bounds_slope = True

    def value(self, update: Update) -> None:
        """No term."""
        return
