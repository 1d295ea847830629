"""The contract of a penalty, and what it is given: one update of a discriminator."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextvars import ContextVar
from functools import cached_property
from typing import final

import torch
from torch import Tensor

Discriminator = Callable[[Tensor], Tensor]
Memory = dict[str, Tensor]
in_penalty: ContextVar[bool] = ContextVar("in_penalty", default=False)  # whether D works for a penalty just now


class Update:
    """One update of a discriminator, as its loss and its penalties see it.

    Args:
        discriminator: maps images (N, …) to logits (N, …), raw.
        real: images, float (N, C, H, W), or points of any shape (N, …).
        fake: likewise; taken off their graph here.
        random: the generator of all draws, on the images' device.
        index: updates of this discriminator before this one; lazy penalties count by it.
        memory: what penalties keep from one update to the next (LeCam's averages), one dict per discriminator, kept by
            the caller; None starts afresh.

    Example:
        >>> update = Update(torch.nn.Linear(2, 1), torch.ones(4, 2), torch.zeros(4, 2), torch.Generator())
        >>> update.real_logits.shape
        torch.Size([4, 1])
    """

    def __init__(
        self,
        discriminator: Discriminator,
        real: Tensor,
        fake: Tensor,
        random: torch.Generator,
        index: int = 0,
        memory: Memory | None = None,
    ) -> None:
        self._discriminator, self.real, self.fake, self.random = discriminator, real, fake.detach(), random
        self.index = index
        self.memory: Memory = {} if memory is None else memory

    def discriminator(self, images: Tensor) -> Tensor:
        """D on images of a penalty's own; a probe that watches D passes it over."""
        mark = in_penalty.set(True)
        try:
            return self._discriminator(images)
        finally:
            in_penalty.reset(mark)

    @cached_property
    def real_logits(self) -> Tensor:
        """D(x), float32 at least; computed once, when first asked for."""
        return wide(self._discriminator(self.real))

    @cached_property
    def fake_logits(self) -> Tensor:
        """D(G(z)), likewise."""
        return wide(self._discriminator(self.fake))


class Penalty(ABC):
    """A penalty on the discriminator, or a constraint on it: a frozen dataclass whose fields are its constants.

    A concrete penalty is final. It gives `name`, `paper`, `summary` and `value`, and overrides the facts below where they
    differ. With a field `every` of k > 1 it is lazy: taken at every k-th update, k times as heavy (as in StyleGAN2,
    arXiv:1912.04958), and 0 at the others.
    """

    every: int = 1

    @property
    @abstractmethod
    def name(self) -> str:
        """The name the user types after a plus."""

    @property
    @abstractmethod
    def paper(self) -> str:
        """The source, as "arXiv:NNNN.NNNNN"."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """The formula in one line."""

    @abstractmethod
    def value(self, update: Update) -> Tensor | None:
        """The penalty as a scalar that D's weights can be differentiated by; None for a constraint that adds no term."""

    @property
    def allows_batch_norm(self) -> bool:
        """Whether the discriminator may mix the samples of a batch."""
        return True

    @property
    def bounds_slope(self) -> bool:
        """Whether it bounds D's slope, so that a loss's weight clipping is dropped beside it."""
        return False

    @property
    def clip(self) -> float | None:
        """The bound that D's weights are clipped to after each update, or None."""
        return None

    @property
    def discriminator_norm(self) -> str | None:
        """The norm that D has to be built with, or None where any will do."""
        return None

    @property
    def differentiates_twice(self) -> bool:
        """Whether its value is made of the discriminator's gradient."""
        return False

    @final
    def __call__(self, update: Update) -> Tensor | None:
        """The value, lazily; None for a constraint that adds no term."""
        if self.every == 1:
            return self.value(update)
        if update.index % self.every:
            return update.real.new_zeros(())
        value = self.value(update)
        return None if value is None else self.every * value


def wide(logits: Tensor) -> Tensor:
    """Logits in float32 at least: in bfloat16 a critic's difference of means would keep three digits."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32))
