"""The contract of a GAN loss: raw logits in, one scalar out, facts beside it."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Band = float | tuple[float, float] | None


@dataclass(frozen=True)
class Recipe:
    """How a loss is trained: what differs between papers besides the loss itself.

    Attributes:
        optimizer: a name in `gan_losses.training.OPTIMIZERS`.
        learning_rate: of both optimisers.
        betas: Adam's (β₁, β₂); ignored by RMSProp.
        discriminator_norm: a name in `gan_losses.networks.NORMS`.
        n_critic: discriminator updates per generator update.
    """

    optimizer: str = "adam"
    learning_rate: float = 2e-4
    betas: tuple[float, float] = (0.5, 0.999)
    discriminator_norm: str = "batch"
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
    autocast). Both methods return the mean over all elements as a scalar that is to be minimised; the order of arguments
    is always (real, fake). A loss never sees an image, a network or an optimiser, but for its penalty.

    A concrete loss is final. It gives `name`, `paper`, `summary`, `discriminator`, `generator`, and overrides the facts
    below where they differ.
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

    def penalty(
        self, discriminator: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, random: torch.Generator
    ) -> Tensor | None:
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

    def optimum(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """D*, the optimal logit where the densities of data and model are `real` and `fake`; None if not pointwise."""
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


def generator_loss(loss: GANLoss, fake: Tensor, real: Tensor | None) -> Tensor:
    """`loss.generator`, with the real logits only where the loss asks for them."""
    return loss.generator(fake, real) if loss.pairs_logits else loss.generator(fake)
