"""The kernel distance of two sets of features."""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from gan_losses.metrics.measure import Fakes, Measure, rows_of
from gan_losses.metrics.real import Real
from gan_losses.random import keyed_generator

ALL_PAIRS = 10_000  # a side
SUBSETS, SUBSET_SIZE, SUBSET_SEED = 100, 1000, 2020
BLOCK = 256  # of the pairs within a set, so many rows by themselves are counted twice
KERNEL = "kernel (x·y / d + 1)³"


def kernel_sum(first: Tensor, second: Tensor) -> float:
    """The sum of (x·y / d + 1)³ over all pairs of a row of one and a row of the other.

    Args:
        first: (n, d), float64 for statistics; BLOCK rows of it are multiplied at once.
        second: (m, d).

    Example:
        >>> kernel_sum(torch.tensor([[1.0, 1.0], [0.0, 0.0]]), torch.tensor([[2.0, 0.0]]))  # (2 / 2 + 1)³ + 1³
        9.0
    """
    total = torch.zeros((), dtype=first.dtype, device=first.device)
    for rows in first.split(BLOCK):
        total += _cubed(rows @ second.T, first.shape[1]).sum()
    return float(total)


def own_sum(rows: Tensor) -> float:
    """`kernel_sum` over the pairs of two different rows of (n, d), each in both orders.

    Example:
        >>> own_sum(torch.tensor([[1.0, 1.0], [2.0, 0.0]]))  # 2 (2 / 2 + 1)³
        16.0
    """
    total = torch.zeros((), dtype=rows.dtype, device=rows.device)
    for start in range(0, len(rows), BLOCK):
        part, rest = rows[start : start + BLOCK], rows[start + BLOCK :]
        square = _cubed(part @ part.T, rows.shape[1])
        total += square.sum() - square.trace() + 2 * _cubed(part @ rest.T, rows.shape[1]).sum()
    return float(total)


def _cubed(products: Tensor, width: int) -> Tensor:
    values = products.div_(width).add_(1)
    return values * values * values


class Kernel(Measure):
    """`kid`: squared maximum mean discrepancy with the kernel (x·y / d + 1)³, unbiased, so it may be negative.

    Over n samples a side, all pairs::

        Σ_{i≠j} k(r_i, r_j) / n(n-1) + Σ_{i≠j} k(f_i, f_j) / n(n-1) - 2 Σ_{ij} k(r_i, f_j) / n²

    n is the number of fakes or of real images, whichever is less; of the others as many are drawn by key. Beyond 10,000
    it is what torch-fidelity computes, so that published values compare: the mean over 100 subsets of 1,000 a side, in
    the order of its random numbers. 0 is best; the expected value does not depend on n.

    Source: Bińkowski et al. 2018, arXiv:1801.01401.
    """

    needs = frozenset({"rows"})

    def __init__(self, real: Real) -> None:
        super().__init__(real)
        self._real_sums = lru_cache(1)(self._sums_of_real)

    @property
    def names(self) -> tuple[str, ...]:
        """`kid`, in the extractor's spelling."""
        return (self.real.extractor.label("kid"),)

    def settings(self, fakes: int) -> Mapping[str, object]:
        """Over which pairs."""
        count = min(self.real.count, fakes)
        pairs = f"all pairs of {count}"
        if count > ALL_PAIRS:
            pairs = f"mean of {SUBSETS} subsets of {SUBSET_SIZE}, drawn as torch-fidelity does from seed {SUBSET_SEED}"
        return {"kid_estimator": f"unbiased, {pairs}, {KERNEL}"}

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The mean over the subsets; one subset of all up to 10,000."""
        rows = rows_of(fakes)
        draws, sums = _draws(self.real.count, len(rows)), self._real_sums(len(rows))
        pairs = zip(draws, sums, strict=True)
        return (float(np.mean([self._distance(draw, rows, within_real) for draw, within_real in pairs])),)

    def _distance(self, draw: tuple[Tensor, Tensor], rows: Tensor, within_real: float) -> float:
        real, fake = self._taken(self.real.features, draw[0]), self._taken(rows, draw[1])
        count = len(real)
        within = within_real + own_sum(fake)
        return within / (count * (count - 1)) - 2 * kernel_sum(real, fake) / count**2

    def _sums_of_real(self, fakes: int) -> list[float]:
        return [own_sum(self._taken(self.real.features, real)) for real, _ in _draws(self.real.count, fakes)]

    def _taken(self, rows: Tensor, where: Tensor) -> Tensor:
        device = self.real.collection.device
        return rows[where].to(device if device.type == "cuda" else "cpu", torch.float64)  # not every device has float64


def _draws(real: int, fake: int) -> list[tuple[Tensor, Tensor]]:
    """Which real ones and which fakes are compared, subset by subset."""
    count = min(real, fake)
    if count <= ALL_PAIRS:
        random = keyed_generator(0, "kernel-distance")
        return [(torch.randperm(real, generator=random)[:count], torch.randperm(fake, generator=random)[:count])]
    # torch-fidelity's own generator, whose first input is the fakes: its draws are part of the published values.
    drawn = np.random.RandomState(SUBSET_SEED)
    subsets = []
    for _ in range(SUBSETS):
        fakes = torch.from_numpy(drawn.choice(fake, SUBSET_SIZE, replace=False))
        subsets.append((torch.from_numpy(drawn.choice(real, SUBSET_SIZE, replace=False)), fakes))
    return subsets
