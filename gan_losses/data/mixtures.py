"""Mixtures of equally likely Gaussians in the plane, whose modes are known: the ring and the grid of the GAN literature."""

from dataclasses import dataclass
from math import cos, pi, sin

import torch
from torch import Tensor

Point = tuple[float, float]


@dataclass(frozen=True)
class Mixture:
    """Isotropic Gaussians of one standard deviation, equally likely.

    Attributes:
        means: the centres of its modes, all distinct.
        deviation: standard deviation of each mode in each direction.

    Raises:
        ValueError: two modes have the same centre.

    Example:
        >>> Mixture(((0.0, 0.0), (3.0, 4.0)), 0.1).sample(5, torch.Generator()).shape
        torch.Size([5, 2])
    """

    means: tuple[Point, ...]
    deviation: float

    def __post_init__(self) -> None:
        # Public rings go from 0 to 2π with both ends, where the first and the last centre are one.
        if len({(round(x, 9), round(y, 9)) for x, y in self.means}) < len(self.means):
            raise ValueError(f"two of the {len(self.means)} modes have the same centre.")

    @property
    def centres(self) -> Tensor:
        """The means, float32 (modes, 2)."""
        return torch.tensor(self.means)

    def sample(self, count: int, random: torch.Generator) -> Tensor:
        """`count` points, float32 (count, 2)."""
        mode = torch.randint(len(self.means), (count,), generator=random)
        return self.centres[mode] + self.deviation * torch.randn(count, 2, generator=random)


def ring(modes: int = 8, radius: float = 1.0, deviation: float = 0.01) -> Mixture:
    """Modes evenly on a circle (as in Metz et al. 2017, arXiv:1611.02163; these constants from VEEGAN, arXiv:1705.07761).

    Example:
        >>> [round(x, 3) for x, y in ring(4).means]
        [1.0, 0.0, -1.0, -0.0]
    """
    angles = [2 * pi * mode / modes for mode in range(modes)]
    return Mixture(tuple((radius * cos(angle), radius * sin(angle)) for angle in angles), deviation)


def grid(side: int = 5, spacing: float = 2.0, deviation: float = 0.05) -> Mixture:
    """A square of side × side modes around 0, `spacing` apart (VEEGAN, arXiv:1705.07761).

    Example:
        >>> sorted({x for x, y in grid().means})
        [-4.0, -2.0, 0.0, 2.0, 4.0]
    """
    places = [spacing * (place - (side - 1) / 2) for place in range(side)]
    return Mixture(tuple((x, y) for x in places for y in places), deviation)
