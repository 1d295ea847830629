"""The contract of a GAN loss: raw logits in, one scalar out, facts beside it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.penalties import Update

Band = float | tuple[float, float] | None


@dataclass(frozen=True)
class Recipe:
    """How a loss is trained: what differs between papers besides the loss itself.

    Attributes:
        optimizer: a name in `gan_losses.training.OPTIMIZERS`.
        learning_rate: of both optimisers.
        betas: Adam's (β₁, β₂); ignored by RMSProp.
        discriminator_norm: a name in `gan_losses.networks.NORMS`; None is what the task's paper has.
        n_critic: discriminator updates per generator update.
    """

    optimizer: str = "adam"
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    discriminator_norm: str | None = None
    n_critic: int = 1


@dataclass(frozen=True)
class Equilibrium:
    """Values of both adversarial terms, penalties excluded, where p_g = p_data and D is optimal.

    Attributes:
        discriminator: a value, a (low, high) band, or None where the value is not determined.
        generator: likewise.
    """

    discriminator: Band
    generator: Band


class GANLoss(ABC):
    """A GAN loss: a frozen dataclass whose fields are its constants.

    Logits are the discriminator's raw output, any shape (N, …), any real value, float32 or float64 (bfloat16 under
    autocast). Both methods return the mean over all elements as a scalar that is to be minimised; the discriminator's takes
    (real, fake). A loss never sees an image, a network or an optimiser, but for its penalty.

    A concrete loss is final. It gives `name`, `paper`, `summary`, `discriminator`, `generator`, and overrides the facts
    below where they differ; `gan_losses.conformance` examines whether all of it is true.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """The name the user types."""

    @property
    @abstractmethod
    def paper(self) -> str:
        """The source, as "arXiv:NNNN.NNNNN"."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """Both formulas in one line, with r = D(x) and f = D(G(z))."""

    @abstractmethod
    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss from the logits of real and fake images."""

    @abstractmethod
    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The generator's loss; `real` is given only to a loss with `pairs_logits`."""

    def penalty(self, update: Update) -> Tensor | None:
        """What is added to the discriminator's loss, from images; None for a loss without penalty."""
        return None

    @property
    def pairs_logits(self) -> bool:
        """Whether the generator's loss needs the logits of real images too."""
        return False

    @property
    def allows_batch_norm(self) -> bool:
        """Whether the discriminator may mix the samples of a batch."""
        return True

    @property
    def clip(self) -> float | None:
        """The bound that the discriminator's weights are clipped to after each update, or None."""
        return None

    @property
    def discriminator_norm(self) -> str | None:
        """The norm that D has to be built with, whatever the recipe says, or None where any will do."""
        return None

    @property
    def flip(self) -> float:
        """The probability with which the labels of a pair of real and fake logits are swapped in D's update."""
        return 0.0

    @property
    def period(self) -> int:
        """Discriminator updates after which its cost repeats: more than 1 with lazy penalties."""
        return 1

    def due(self, count: int) -> tuple[bool, ...]:
        """Which of its penalties are due at a discriminator's update, `count` updates after its first."""
        return ()

    @property
    def differentiates_twice(self) -> bool:
        """Whether a penalty differentiates the discriminator's own gradient."""
        return False

    @property
    def trains_discriminator(self) -> bool:
        """False only for a control without an adversary."""
        return True

    @property
    def published(self) -> Recipe:
        """The paper's own setting (DCGAN's, arXiv:1511.06434, where the paper has none)."""
        return Recipe()

    @property
    def equilibrium(self) -> Equilibrium:
        """Where both terms rest when p_g = p_data."""
        return Equilibrium(None, None)

    @property
    def boundary(self) -> float | None:
        """The logit at which the discriminator is undecided, or None where only differences of logits count."""
        return None

    @property
    def target(self) -> float:
        """The fake logit that the generator wants, real ones being 0 where only differences count; inf for ever higher."""
        return inf

    @property
    def saturates(self) -> bool:
        """Whether the generator's slope dies where the discriminator wins (f → -∞)."""
        return False

    @property
    def kinks(self) -> tuple[float, ...]:
        """Logits (or differences, for a loss with `pairs_logits`) at which a first or second derivative jumps."""
        return ()

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """D*, the optimal logit where the densities of data and model are `real` and `fake`; None if not pointwise."""
        return None

    def optimal_loss(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """L_D at D* by the divergence that it is, from the probabilities (K,) of data and model; None if unknown."""
        return None


def slope(loss: GANLoss, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """The generator's slope ∂L_G/∂f of each logit, times the number of logits: the derivative of the unaveraged loss.

    Args:
        loss: the loss.
        fake: logits of any shape.
        real: logits of real images, for a loss with `pairs_logits`.

    Returns:
        A tensor of `fake`'s shape.
    """
    fake = fake.detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(generator_loss(loss, fake, real), fake)
    return gradient * fake.numel()


def adversarial_loss(loss: GANLoss, update: Update) -> Tensor:
    """`loss.discriminator` on the update's logits, after the loss's label flips.

    Raises:
        UsageError: labels are to be flipped, and there are not as many real as fake logits.
    """
    real, fake = update.real_logits, update.fake_logits
    if loss.flip:
        if real.shape != fake.shape:
            raise UsageError(f"labels are flipped in pairs: as many real as fake, not {len(real)} and {len(fake)}.")
        swapped = torch.rand(real.shape, generator=update.random, device=real.device) < loss.flip
        real, fake = torch.where(swapped, fake, real), torch.where(swapped, real, fake)
    return loss.discriminator(real, fake)


def discriminator_loss(loss: GANLoss, update: Update) -> Tensor:
    """All that the discriminator minimises: the adversarial term and the penalty, if the loss has one.

    Example:
        >>> from gan_losses.losses import get_loss
        >>> update = Update(torch.nn.Flatten(), torch.ones(4, 1), torch.zeros(4, 1), torch.Generator())
        >>> discriminator_loss(get_loss("wgan+r1:10"), update).item()  # 0 - 1 + 10/2
        4.0
    """
    adversarial, penalty = adversarial_loss(loss, update), loss.penalty(update)
    return adversarial if penalty is None else adversarial + penalty


def generator_loss(loss: GANLoss, fake: Tensor, real: Tensor | None) -> Tensor:
    """`loss.generator`, with the real logits only where the loss asks for them."""
    return loss.generator(fake, real) if loss.pairs_logits else loss.generator(fake)
