"""The control: no adversary at all."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from gan_losses.losses.base import GANLoss


@final
@dataclass(frozen=True)
class NoAdversary(GANLoss):
    """No adversarial term and no discriminator in training: what a task's other terms do by themselves.

    What a loss is better by than this control is what its adversary contributes. Only tasks with further terms can be
    trained so (CycleGAN's cycle and identity terms). Both methods give 0, and a slope of 0.

    Example:
        >>> import torch
        >>> NoAdversary().generator(torch.ones(3)).item()
        0.0
    """

    name = "none"
    paper = "a control"
    summary = "no adversary: the task's other terms alone, as the floor of what a loss contributes"

    @property
    def trains_discriminator(self) -> bool:
        """No."""
        return False

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """0."""
        return 0 * (real.sum() + fake.sum())

    def generator(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """0."""
        return 0 * fake.sum()
