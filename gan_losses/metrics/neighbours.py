"""Precision, recall, density and coverage: whose neighbourhoods the fakes and the real images lie in."""

import math
from collections.abc import Iterator, Mapping
from functools import cached_property

import torch
from torch import Tensor

from gan_losses.metrics.measure import Fakes, Measure, rows_of
from gan_losses.metrics.rows import chosen

NEAREST, NEAREST_OF_DENSITY = 3, 5
MOST = 10_000  # a side
BLOCK = 1024
ROUNDING = 1e-9  # relative; far above that of float64, so that an image on a sphere is where it belongs


def radii(rows: Tensor, *nearest: int) -> list[Tensor]:
    """Squared distances from each row to its k-th nearest other row, for every k of `nearest`: (n,) each.

    Example:
        >>> [values.tolist() for values in radii(torch.tensor([[0.0], [1.0], [3.0]]), 1, 2)]
        [[1.0, 1.0, 4.0], [9.0, 4.0, 9.0]]
    """
    smallest = [squared.topk(max(nearest) + 1, largest=False).values for squared in _distances(rows, rows)]
    ordered = torch.cat(smallest)  # the first is the row itself
    return [ordered[:, k] for k in nearest]


def _distances(rows: Tensor, others: Tensor) -> Iterator[Tensor]:
    """Squared Euclidean distances, BLOCK rows at once: (at most BLOCK, m)."""
    lengths = others.square().sum(dim=1)
    for part in rows.split(BLOCK):
        squared = torch.addmm(lengths, part, others.T, alpha=-2)
        yield squared.add_(part.square().sum(dim=1, keepdim=True)).clamp_(min=0)


class Neighbours(Measure):
    """`precision`, `recall`, `density`, `coverage`, all from balls around images in the space of features.

    With B_k(x) the ball around x that reaches to its k-th nearest neighbour of the same kind::

        precision  share of fakes f in the union of B_3(r) over real r
        recall     share of real r in the union of B_3(f) over fakes f
        density    mean over fakes f of |{r : f inside B_5(r)}| / 5
        coverage   share of real r with some f inside B_5(r)

    All are 0 or more, and all but the density at most 1; equal sets have 1, and a density of about 1. Of more than
    10,000 a side, so many are drawn by key. They depend on n: compare at equal n only.

    Sources: Kynkäänniemi et al. 2019, arXiv:1904.06991 (precision, recall); Naeem et al. 2020, arXiv:2002.09797.
    """

    needs = frozenset({"rows"})

    @property
    def names(self) -> tuple[str, ...]:
        """The four, in the extractor's spelling."""
        return tuple(self.real.extractor.label(name) for name in ("precision", "recall", "density", "coverage"))

    def settings(self, fakes: int) -> Mapping[str, object]:
        """The numbers of neighbours and of images."""
        sides = f"{min(self.real.count, MOST)} real, {min(fakes, MOST)} fake"
        nearest = f"precision and recall k = {NEAREST}, density and coverage k = {NEAREST_OF_DENSITY}"
        return {"neighbours": f"{nearest}, {sides}"}

    def __call__(self, fakes: Fakes) -> tuple[float, ...]:
        """The four; NaN where a side has no 5 neighbours."""
        fake = self._taken(rows_of(fakes), "neighbours/fake") - self._centre
        if min(len(self._real), len(fake)) <= NEAREST_OF_DENSITY:
            return (math.nan,) * 4
        reach = radii(fake, NEAREST)[0] * (1 + ROUNDING)
        near, wide = self._radii[0] * (1 + ROUNDING), self._radii[1] * (1 - ROUNDING)
        precise, inside = [], []
        recalled, covered = (torch.zeros(len(self._real), dtype=torch.bool, device=fake.device) for _ in range(2))
        for squared, own in zip(_distances(fake, self._real), reach.split(BLOCK), strict=True):
            precise.append((squared <= near).any(dim=1))
            inside.append((squared < wide).sum(dim=1))
            recalled |= (squared <= own[:, None]).any(dim=0)
            covered |= (squared < wide).any(dim=0)
        density = torch.cat(inside).double().mean() / NEAREST_OF_DENSITY
        return (_share(torch.cat(precise)), _share(recalled), float(density), _share(covered))

    @cached_property
    def _centre(self) -> Tensor:
        """The mean of the real ones: far from 0, differences of lengths would lose digits."""
        return self._taken(self.real.features, "neighbours/real").mean(dim=0)

    @cached_property
    def _real(self) -> Tensor:
        return self._taken(self.real.features, "neighbours/real") - self._centre

    @cached_property
    def _radii(self) -> list[Tensor]:
        return radii(self._real, NEAREST, NEAREST_OF_DENSITY)

    def _taken(self, rows: Tensor, stream: str) -> Tensor:
        device = self.real.collection.device
        rows = rows[chosen(len(rows), MOST, stream)]
        return rows.to(device if device.type == "cuda" else "cpu", torch.float64)  # not every device has float64


def _share(which: Tensor) -> float:
    return float(which.double().mean())
