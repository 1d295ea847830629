"""A loss with penalties: every combination is an instance of one class."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import torch
from torch import Tensor

from gan_losses.losses.base import Equilibrium, GANLoss, Recipe
from gan_losses.penalties import Penalty


@final
@dataclass(frozen=True)
class Composed(GANLoss):
    """A loss whose discriminator also pays penalties; a penalty that bounds D's slope replaces weight clipping.

    Attributes:
        loss: what both networks minimise on logits.
        penalties: their sum is added to the discriminator's loss.
        label: a name of its own ("wgangp"); None makes one from the parts ("bce+gp").
        source: the paper of the combination; None is the loss's.
        recipe: the paper's setting of the combination; None is the loss's, without batch norm where a penalty forbids it.

    Example:
        >>> from gan_losses.losses.cross_entropy import BCE
        >>> from gan_losses.penalties import GradientPenalty
        >>> Composed(BCE(), (GradientPenalty(),)).name
        'bce+gp'
    """

    loss: GANLoss
    penalties: tuple[Penalty, ...]
    label: str | None = None
    source: str | None = None
    recipe: Recipe | None = None

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The inner loss's; penalties are a term of their own."""
        return self.loss.discriminator(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The inner loss's."""
        return self.loss.generator(fake, real)

    def penalty(
        self, discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, random: torch.Generator
    ) -> Tensor:
        """The sum of all penalties."""
        return torch.stack([penalty(discriminator, real, fake, random) for penalty in self.penalties]).sum()

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """None: a penalty moves it."""
        return None

    @property
    def name(self) -> str:
        """The label, or the parts' names joined by "+"."""
        return self.label or "+".join([self.loss.name, *(penalty.name for penalty in self.penalties)])

    @property
    def paper(self) -> str:
        """The combination's source, or the loss's."""
        return self.source or self.loss.paper

    @property
    def summary(self) -> str:
        """The loss's formulas and the penalties'."""
        clipped = self.loss.summary if self.clip else self.loss.summary.replace(", weights clipped", "")
        return "; ".join([clipped, *("penalty " + penalty.summary for penalty in self.penalties)])

    @property
    def pairs_logits(self) -> bool:
        """As the loss."""
        return self.loss.pairs_logits

    @property
    def allows_batch_norm(self) -> bool:
        """Only where the loss and every penalty allow it."""
        return self.loss.allows_batch_norm and all(penalty.allows_batch_norm for penalty in self.penalties)

    @property
    def clip(self) -> float | None:
        """The loss's, unless a penalty takes its place."""
        return None if any(penalty.replaces_clipping for penalty in self.penalties) else self.loss.clip

    @property
    def trains_discriminator(self) -> bool:
        """As the loss."""
        return self.loss.trains_discriminator

    @property
    def published(self) -> Recipe:
        """The combination's recipe."""
        recipe = self.recipe or self.loss.published
        if recipe.discriminator_norm == "batch" and not self.allows_batch_norm:
            return replace(recipe, discriminator_norm="none")
        return recipe

    @property
    def equilibrium(self) -> Equilibrium:
        """As the loss: penalties are not part of it."""
        return self.loss.equilibrium

    @property
    def boundary(self) -> float | None:
        """As the loss."""
        return self.loss.boundary
