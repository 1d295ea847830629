"""DRAGAN: cross-entropy with a gradient penalty around the data."""

from gan_losses.losses.base import Recipe
from gan_losses.losses.composed import Composed
from gan_losses.losses.cross_entropy import BCE
from gan_losses.penalties import DraganPenalty


def dragan(weight: float = 10.0) -> Composed:
    """Cross-entropy as `bce`, and D also pays λ(‖∇x̂ D(x̂)‖ - 1)² near real images.

    Source: Kodali et al. 2017, arXiv:1705.07215 (λ = 10); layer norm for batch norm, which the penalty forbids.

    Example:
        >>> dragan().name, dragan().loss == BCE()
        ('dragan', True)
    """
    recipe = Recipe(learning_rate=1e-4, betas=(0.5, 0.9), discriminator_norm="layer")
    return Composed(BCE(), (DraganPenalty(weight),), "dragan", DraganPenalty.paper, recipe)
