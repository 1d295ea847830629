"""The image pool: discriminators are shown fakes of earlier steps too (Shrivastava et al. 2017, arXiv:1612.07828)."""

import torch
from torch import Tensor


class ImagePool:
    """A store of the last fakes, taken one by one.

    Until it is full every fake is kept and shown. Then with probability ½ a fake is shown as it is and forgotten, and with ½
    it takes the place of a stored one, drawn uniformly, which is shown instead.

    Args:
        size: of the store; with 0 every fake is shown as it is.

    Attributes:
        images: the store, (stored, C, H, W); None while it is empty.

    Example:
        >>> pool, random = ImagePool(2), torch.Generator().manual_seed(0)
        >>> shown = pool(torch.arange(8.0).view(8, 1, 1, 1), random).flatten().tolist()
        >>> shown[:2], len(pool.images)
        ([0.0, 1.0], 2)
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: Tensor | None = None

    def __call__(self, fakes: Tensor, random: torch.Generator) -> Tensor:
        """What the discriminator is shown in place of `fakes`.

        Args:
            fakes: (N, C, H, W), without graph.
            random: draws two numbers per image that finds the pool full; on the CPU, so that nothing waits for a device.

        Returns:
            (N, C, H, W), memory of its own.
        """
        if not self.size:
            return fakes
        shown = [self._show(fake, random) for fake in fakes.split(1)]
        return torch.cat(shown)

    def _show(self, fake: Tensor, random: torch.Generator) -> Tensor:
        if self.images is None:
            self.images = fake.clone()
            return fake
        if len(self.images) < self.size:
            self.images = torch.cat([self.images, fake])
            return fake
        if torch.rand((), generator=random) < 0.5:
            return fake
        place = int(torch.randint(self.size, (), generator=random))
        # A copy: the store may change before what was shown is used.
        stored = self.images[place : place + 1].clone()
        self.images[place : place + 1] = fake
        return stored
