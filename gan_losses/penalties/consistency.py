"""Consistency: the logit of an image must not change when the image is shifted a little or mirrored."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from gan_losses.errors import UsageError, require, require_positive
from gan_losses.penalties.base import Penalty, Update, wide


@final
@dataclass(frozen=True)
class Consistency(Penalty):
    """λ E(D(x) - D(T(x)))² on real images; T shifts each image by a few pixels and mirrors it at random.

    Source: Zhang et al. 2020, arXiv:1910.12027 (λ = 10, shifts of up to 4 of 32 pixels).

    Attributes:
        weight: λ.
        shift: the largest shift as a share of the image's size; pixels at the border are repeated.
        mirror: whether half of the images are flipped left to right.
        every: updates from one to the next.

    Example:
        >>> Consistency(mirror=False)
        Consistency(weight=10.0, shift=0.125, mirror=False, every=1)
    """

    weight: float = 10.0
    shift: float = 0.125
    mirror: bool = True
    every: int = 1

    name = "cr"
    paper = "arXiv:1910.12027"
    summary = "λ E(D(x) - D(T(x)))² on real images, T a random shift and flip"

    def __post_init__(self) -> None:
        require_positive(self, "weight", "every")
        require(0 <= self.shift < 1, self, "shift", "at least 0 and below 1")

    def value(self, update: Update) -> Tensor:
        """The weighted mean over all logits."""
        changed = self.transform(update.real, update.random)
        return self.weight * (update.real_logits - wide(update.discriminator(changed))).square().mean()

    def transform(self, images: Tensor, random: torch.Generator) -> Tensor:
        """T(x), each image (of (N, C, H, W)) with a shift and a flip of its own.

        Raises:
            UsageError: images of another shape.
        """
        if images.dim() != 4:
            shape = tuple(images.shape)
            raise UsageError(f"penalty cr shifts and mirrors images (N, C, H, W), and these have the shape {shape}.")
        rows = self._places(images, 2, random)
        columns = self._places(images, 3, random)
        if self.mirror:
            flipped = torch.rand(len(images), 1, generator=random, device=images.device) < 0.5
            columns = torch.where(flipped, columns.flip(1), columns)
        sample = torch.arange(len(images), device=images.device)[:, None, None]
        moved = images.permute(0, 2, 3, 1)[sample, rows[:, :, None], columns[:, None, :]]
        return moved.permute(0, 3, 1, 2)  # channels last, whatever the layout was

    def _places(self, images: Tensor, dimension: int, random: torch.Generator) -> Tensor:
        """(N, size): from which row or column each one of the moved image is taken."""
        size = images.shape[dimension]
        reach = int(self.shift * size)
        by = torch.randint(-reach, reach + 1, (len(images), 1), generator=random, device=images.device)
        return (torch.arange(size, device=images.device) + by).clamp(0, size - 1)
