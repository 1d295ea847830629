"""Every registered loss as tutorials compute it: a table of formula, penalties and clipping, and what is done with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.plain_formulas import PAIRED, PLAIN
from benchmarks.plain_penalties import PLAIN_PENALTIES, Draw, Judge, PlainPenalty, dragan, gp, lp, r1, r2
from gan_losses.errors import unknown_name
from gan_losses.spelling import make, parts


@dataclass(frozen=True)
class Ingredients:
    """What a loss is made of, as its paper has it.

    Attributes:
        formula: a name in `PLAIN`.
        penalties: added to the discriminator's loss.
        clip: bound of the discriminator's weights, or None.
    """

    formula: str
    penalties: tuple[PlainPenalty, ...] = ()
    clip: float | None = None


PLAIN_LOSSES: dict[str, Ingredients] = {
    **{name: Ingredients(name) for name in PLAIN},
    "wgan": Ingredients("wgan", clip=0.01),
    "wgangp": Ingredients("wgan", (gp(10.0),)),
    "wganlp": Ingredients("wgan", (lp(10.0),)),
    "dragan": Ingredients("bce", (dragan(10.0),)),
    "r3gan": Ingredients("rpgan", (r1(1.0), r2(1.0))),
}


@dataclass(frozen=True)
class Labelled:
    """A criterion on logits and labels, which tutorials take where the paper has a formula.

    Attributes:
        activation: on the logits before the criterion.
        criterion: (activated logits, labels of their shape) -> scalar.
        factor: its value over the formula's, the same for both networks.
    """

    activation: Callable[[Tensor], Tensor]
    criterion: nn.Module
    factor: float = 1.0

    def __call__(self, logits: Tensor, label: float) -> Tensor:
        """The criterion's value where every label is `label`."""
        error: Tensor = self.criterion(self.activation(logits), torch.full_like(logits, label))
        return error


@dataclass(frozen=True)
class PlainLoss:
    """What both networks minimise.

    Attributes:
        ingredients: formula, penalties, clipping.
        labelled: stands in for the formula, if anything does.
    """

    ingredients: Ingredients
    labelled: Labelled | None = None

    @property
    def factor(self) -> float:
        """Both losses, penalties too, over those of the paper: Adam hardly feels it."""
        return self.labelled.factor if self.labelled else 1.0

    def discriminator(self, judge: Judge, real: Tensor, fake: Tensor, draw: Draw) -> Tensor:
        """The discriminator's loss: real and fake in separate calls, then the penalties.

        Args:
            judge: the discriminator.
            real: images.
            fake: images, without the generator's graph.
            draw: random numbers of the penalties, in the form of `torch.rand`.
        """
        images = {"real": real, "fake": fake}
        for penalty in self.ingredients.penalties:
            if penalty.where in images:
                images[penalty.where] = images[penalty.where].detach().requires_grad_(True)
        logits = {kind: judge(each) for kind, each in images.items()}
        if self.labelled:
            error = self.labelled(logits["real"], 1.0) + self.labelled(logits["fake"], 0.0)
        else:
            error = PLAIN[self.ingredients.formula][0](logits["real"], logits["fake"])
        for penalty in self.ingredients.penalties:
            # Times the factor, so that its weight beside the rest is the paper's.
            error = error + self.factor * penalty(judge, images, logits, draw)
        return error

    def generator(self, judge: Judge, real: Tensor, fake: Tensor) -> Tensor:
        """The generator's loss; real images are judged, without a graph, only where their logits are in the formula."""
        logits = judge(fake)
        if self.labelled:
            return self.labelled(logits, 1.0)
        beside = judge(real).detach() if self.ingredients.formula in PAIRED else logits
        return PLAIN[self.ingredients.formula][1](beside, logits)

    def clip_weights(self, network: nn.Module) -> None:
        """Weight clipping, where the loss has it: a loop over the parameters."""
        if self.ingredients.clip is not None:
            for parameter in network.parameters():
                parameter.data.clamp_(-self.ingredients.clip, self.ingredients.clip)


def plain_loss(text: str, labelled: Mapping[str, Labelled]) -> PlainLoss:
    """The loss that the text spells: a registered name, and penalties after pluses, each with its weight or the paper's.

    Args:
        text: "wgangp", "bce+r1", "hinge+gp:5".
        labelled: formula's name -> the criterion that stands in for it.

    Raises:
        UsageError: no such loss, penalty or field.

    Example:
        >>> spelled = plain_loss("wgan+gp:5+r1", {}).ingredients
        >>> spelled.formula, [penalty.weight for penalty in spelled.penalties], spelled.clip
        ('wgan', [5.0, 5.0], None)
    """
    base, *more = parts(text)
    if base not in PLAIN_LOSSES:
        raise unknown_name("textbook loss", base, PLAIN_LOSSES)
    ingredients = PLAIN_LOSSES[base]
    if more:  # a penalty takes the place of clipping
        ingredients = Ingredients(ingredients.formula, (*ingredients.penalties, *map(_penalty, more)))
    return PlainLoss(ingredients, labelled.get(ingredients.formula))


def _penalty(text: str) -> PlainPenalty:
    name, *values = text.split(":")
    if name not in PLAIN_PENALTIES:
        raise unknown_name("textbook penalty", name, PLAIN_PENALTIES)
    return make("penalty", text, PLAIN_PENALTIES[name], values)
