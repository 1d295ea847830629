"""A loss with penalties: every combination is an instance of one class."""

from dataclasses import dataclass, replace
from math import lcm
from typing import final

import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.losses.base import Equilibrium, GANLoss, Recipe
from gan_losses.penalties import Penalty, Update


@final
@dataclass(frozen=True)
class Composed(GANLoss):
    """A loss whose discriminator also pays penalties; one that bounds D's slope replaces the loss's weight clipping.

    Attributes:
        loss: what both networks minimise on logits.
        penalties: their sum is added to the discriminator's loss.
        label: a name of its own ("wgangp"); None makes one from the parts ("bce+gp").
        source: the paper of the combination; None is the loss's.
        recipe: the paper's setting of the combination; None is the loss's, with layer norm (arXiv:1704.00028) for batch
            norm where a penalty forbids that (the plan does so for a task's own batch norm, too).

    Raises:
        UsageError: a penalty stands twice, or clips what is clipped already.

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

    def __post_init__(self) -> None:
        names = [penalty.name for penalty in self.penalties]
        doubled = [name for name in names if names.count(name) > 1]
        if doubled:
            raise UsageError(f"{self.name} has the penalty {doubled[0]} twice; name it once.")
        if self.loss.clip is not None and self._clipping is not None and not self._bounded:
            raise UsageError(f"{self.loss.name} clips weights already; set its bound, as in {self.loss.name}:0.02.")

    def with_penalties(self, more: tuple[Penalty, ...], label: str) -> "Composed":
        """The same with further penalties, under another name."""
        return replace(self, penalties=(*self.penalties, *more), label=label)

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The inner loss's; penalties are a term of their own."""
        return self.loss.discriminator(real, fake)

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The inner loss's."""
        return self.loss.generator(fake, real)

    def penalty(self, update: Update) -> Tensor | None:
        """The sum of all penalties; None if no one adds a term."""
        values = [self.loss.penalty(update), *(penalty(update) for penalty in self.penalties)]
        terms = [value for value in values if value is not None]
        return torch.stack(terms).sum() if terms else None

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
        return "; ".join([clipped, *("with " + penalty.summary for penalty in self.penalties)])

    @property
    def _clipping(self) -> float | None:
        return next((penalty.clip for penalty in self.penalties if penalty.clip is not None), None)

    @property
    def _bounded(self) -> bool:
        return any(penalty.bounds_slope for penalty in self.penalties)

    @property
    def clip(self) -> float | None:
        """A penalty's; else the loss's, unless a penalty takes its place."""
        return self._clipping if self._clipping is not None or self._bounded else self.loss.clip

    @property
    def discriminator_norm(self) -> str | None:
        """A penalty's, or the loss's."""
        norms = [penalty.discriminator_norm for penalty in self.penalties if penalty.discriminator_norm]
        return norms[0] if norms else self.loss.discriminator_norm

    @property
    def allows_batch_norm(self) -> bool:
        """Only where the loss and every penalty allow it."""
        return self.loss.allows_batch_norm and all(penalty.allows_batch_norm for penalty in self.penalties)

    @property
    def published(self) -> Recipe:
        """The combination's recipe, with the norm that the penalties ask for."""
        recipe = self.recipe or self.loss.published
        if self.discriminator_norm:
            return replace(recipe, discriminator_norm=self.discriminator_norm)
        if recipe.discriminator_norm == "batch" and not self.allows_batch_norm:
            return replace(recipe, discriminator_norm="layer")
        return recipe

    @property
    def equilibrium(self) -> Equilibrium:
        """As the loss: penalties are not part of it."""
        return self.loss.equilibrium

    @property
    def pairs_logits(self) -> bool:
        """As the loss."""
        return self.loss.pairs_logits

    @property
    def flip(self) -> float:
        """As the loss."""
        return self.loss.flip

    @property
    def period(self) -> int:
        """The least common multiple of the penalties' intervals."""
        return lcm(self.loss.period, *(penalty.every for penalty in self.penalties))

    def due(self, count: int) -> tuple[bool, ...]:
        """Of the loss and of each penalty."""
        return (*self.loss.due(count), *(count % penalty.every == 0 for penalty in self.penalties))

    @property
    def differentiates_twice(self) -> bool:
        """If the loss or any penalty does."""
        return self.loss.differentiates_twice or any(penalty.differentiates_twice for penalty in self.penalties)

    @property
    def trains_discriminator(self) -> bool:
        """As the loss."""
        return self.loss.trains_discriminator

    @property
    def boundary(self) -> float | None:
        """As the loss."""
        return self.loss.boundary

    @property
    def target(self) -> float:
        """As the loss."""
        return self.loss.target

    @property
    def saturates(self) -> bool:
        """As the loss."""
        return self.loss.saturates

    @property
    def kinks(self) -> tuple[float, ...]:
        """As the loss."""
        return self.loss.kinks

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """The loss's without penalties; None with them, as they move it."""
        return None if self.penalties else self.loss.optimum(real, fake)

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """Likewise."""
        return None if self.penalties else self.loss.optimal_loss(real, fake)
