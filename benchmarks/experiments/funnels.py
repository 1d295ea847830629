"""Pairs of distributions whose Wasserstein-1 distance and critic are known: points that slide along rays into funnels.

Korotin, Kolesov and Burnaev 2022, "Kantorovich Strikes Back!" (arXiv:2206.07767). With centres cₙ and offsets bₙ the
potential u(x) = minₙ(‖x - cₙ‖ + bₙ) is 1-Lipschitz, and along every ray from a centre it rises with slope 1 until another
funnel is lower. What moves points only along such rays is therefore optimal: W1 = E‖y - moved(y)‖ = E u(y) - E u(moved(y)).
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

HALF = 2.5  # points are uniform in the cube [-HALF, HALF]^D
POWER = 8  # t → t⁸ of the way from a funnel's centre to the end of the ray
SPREAD = 0.1  # standard deviation of the offsets


class Rays(NamedTuple):
    """Points and where they went.

    Attributes:
        points: (N, D), uniform in the cube.
        moved: (N, D), each nearer to its funnel's centre.
        slopes: (N, D), ∇u at both, of length 1: away from the centre.
    """

    points: Tensor
    moved: Tensor
    slopes: Tensor


@dataclass(frozen=True, eq=False)
class Funnels:
    """The potential, and the pair that it makes.

    Attributes:
        centres: (funnels, D), in the cube.
        offsets: (funnels,).

    Example:
        >>> funnels = Funnels(torch.zeros(1, 2), torch.zeros(1))
        >>> funnels.move(torch.tensor([[1.25, 0.0]])).moved.tolist()  # half of the way to 2.5: 2.5 · 2⁻⁸
        [[0.009765625, 0.0]]
    """

    centres: Tensor
    offsets: Tensor

    def potential(self, points: Tensor) -> Tensor:
        """u, (N,)."""
        return self._heights(points).amin(1)

    def sample(self, count: int, random: torch.Generator) -> Rays:
        """`count` uniform points and where they go."""
        shape, dtype = (count, self.centres.shape[1]), self.centres.dtype
        return self.move(HALF * (2 * torch.rand(shape, generator=random, dtype=dtype) - 1))

    def move(self, points: Tensor) -> Rays:
        """Each of the points (N, D) in the cube moved along its ray."""
        own = self._heights(points).argmin(1)
        ways = points - self.centres[own]
        distances = torch.linalg.vector_norm(ways, dim=1, keepdim=True)
        slopes = ways / distances
        ends = torch.minimum(self._leaves_cube(own, slopes), self._leaves_funnel(own, slopes))[:, None]
        moved = self.centres[own] + slopes * ends * (distances / ends) ** POWER
        return Rays(points, moved, slopes)

    def _heights(self, points: Tensor) -> Tensor:
        # The default's matrix product loses the distances near a centre.
        exact = "donot_use_mm_for_euclid_dist"
        return torch.cdist(points, self.centres, compute_mode=exact) + self.offsets

    def _leaves_cube(self, own: Tensor, slopes: Tensor) -> Tensor:
        """How long the ray from its centre is in the cube, (N,)."""
        return ((HALF * slopes.sign() - self.centres[own]) / slopes).nan_to_num(torch.inf).amin(1)

    def _leaves_funnel(self, own: Tensor, slopes: Tensor) -> Tensor:
        """Where another funnel m gets as low, (N,): s + bₙ = ‖s v + cₙ - cₘ‖ + bₘ solved for s."""
        between = torch.cdist(self.centres, self.centres)[own].square()
        deeper = self.offsets[own][:, None] - self.offsets
        along = slopes @ self.centres.T
        apart = deeper - (along.gather(1, own[:, None]) - along)
        meets = (between - deeper.square()) / (2 * apart)
        itself = torch.arange(len(self.centres)) == own[:, None]
        return meets.masked_fill((apart <= 0) | itself, torch.inf).amin(1)


def draw_funnels(dimensions: int, count: int, random: torch.Generator, dtype: torch.dtype = torch.float32) -> Funnels:
    """Centres uniform in the cube, offsets normal with standard deviation 0.1.

    Example:
        >>> draw_funnels(3, 4, torch.Generator()).centres.shape
        torch.Size([4, 3])
    """
    centres = HALF * (2 * torch.rand(count, dimensions, generator=random, dtype=torch.float64) - 1)
    offsets = SPREAD * torch.randn(count, generator=random, dtype=torch.float64)
    return Funnels(centres.to(dtype), offsets.to(dtype))
