"""How many fakes are copies of training images."""

import torch
from torch import Tensor

from gan_losses.data.base import to_float
from gan_losses.metrics.rows import chosen

QUANTILE = 0.01
LIMIT = 2000  # images whose nearest neighbours are looked for at a time, of large sets
CHUNK = 1024


class Copies:
    """Finds fakes that lie nearer to a training image than real, unseen images do.

    An image counts as a copy if its Euclidean distance to the nearest training image, over pixels in [-1, 1], is at
    most the 1st percentile of that distance over the test images: 99 % of the unseen real images are farther away. A
    share of 0.01 is therefore what real images have, and 1 means that all were learnt by heart.

    Args:
        train: uint8 (N, C, H, W).
        test: uint8 (M, C, H, W); of more than 2,000 as many are drawn by key.
        device: where distances are computed, in float32.

    Example:
        >>> train = torch.tensor([0, 100], dtype=torch.uint8).view(2, 1, 1, 1)
        >>> copies = Copies(train, test=train + 10)
        >>> copies.rate(train + 5), copies.rate(train + 20)
        (1.0, 0.0)
    """

    def __init__(self, train: Tensor, test: Tensor, device: torch.device | str = "cpu") -> None:
        self.train, self.device = train, torch.device(device)
        some = test[chosen(len(test), LIMIT, "copies/test")]
        self.threshold = float(torch.quantile(self.nearest(some), QUANTILE))

    def rate(self, images: Tensor) -> float:
        """The share of copies among `images`, uint8 (n, C, H, W)."""
        return self.rate_of(self.nearest(images))

    def rate_of(self, distances: Tensor) -> float:
        """The share of copies among images with these distances to their nearest training image."""
        return float((distances <= self.threshold).cpu().double().mean())

    def nearest(self, images: Tensor) -> Tensor:
        """Distances of `images`, uint8 (n, C, H, W), to the nearest training image each: float32 (n,) on the CPU."""
        return torch.cat([self._nearest(chunk) for chunk in images.split(CHUNK)])

    def _nearest(self, images: Tensor) -> Tensor:
        points = self._points(images)
        best, where = torch.full((len(points),), torch.inf, device=self.device), torch.zeros(len(points)).long()
        for start in range(0, len(self.train), CHUNK):
            smallest = torch.cdist(points, self._points(self.train[start : start + CHUNK])).min(dim=1)
            nearer = smallest.values < best
            best = torch.where(nearer, smallest.values, best)
            where = torch.where(nearer.cpu(), smallest.indices.cpu() + start, where)
        # cdist of many points goes by x² - 2xy + y², which leaves an exact copy well above 0: so measure it anew.
        distances: Tensor = torch.linalg.vector_norm(points - self._points(self.train[where]), dim=1)
        return distances.cpu()

    def _points(self, images: Tensor) -> Tensor:
        return to_float(images.to(self.device)).flatten(1)
