"""How a sample covers the known modes of a mixture (as in VEEGAN, arXiv:1705.07761, and PacGAN, arXiv:1712.04086)."""

from math import exp
from typing import NamedTuple

import torch
from torch import Tensor

from gan_losses.metrics.modes import kl_to_uniform, seen

REACH = 3.0  # standard deviations


class ModeScores(NamedTuple):
    """What a sample has of a mixture's modes.

    Attributes:
        high_quality: share of the points with a Mahalanobis distance below 3 to the nearest mean, 0 to 1; a perfect
            sampler reaches `perfect_quality()`, not 1.
        captured: modes with at least one such point.
        reverse_kl: KL(q ‖ uniform) in nats, q the share of points whose nearest mean a mode is: 0 to ln(modes).
    """

    high_quality: float
    captured: int
    reverse_kl: float


def mode_scores(points: Tensor, centres: Tensor, deviation: float) -> ModeScores:
    """How `points` cover the modes, which are equally likely and isotropic.

    The reverse KL counts every point, of high quality or not, with its nearest mode: ln(n / k) for a sample that is equally
    spread over k of n modes.

    Args:
        points: (N, dimensions), finite.
        centres: (modes, dimensions), the means.
        deviation: standard deviation of every mode in every direction.

    Raises:
        ValueError: no points, or some that are not finite.

    Example:
        >>> centres = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> points = torch.tensor([[0.0, 0.2], [1.0, 0.4]])
        >>> mode_scores(points, centres, deviation=0.1)  # ln(4 / 2); 0.4 is 4 standard deviations away
        ModeScores(high_quality=0.5, captured=1, reverse_kl=0.6931471805599453)
    """
    if not len(points) or not bool(torch.isfinite(points).all()):
        raise ValueError("at least one point was expected, and finite ones.")
    distance, mode = torch.cdist(points.double(), centres.double()).min(dim=1)
    good = distance < REACH * deviation
    return ModeScores(good.double().mean().item(), seen(mode[good]), kl_to_uniform(mode, of=len(centres)))


def perfect_quality(reach: float = REACH) -> float:
    """The high-quality share of the mixture itself in the plane, 1 - exp(-reach²/2), other modes being far.

    Example:
        >>> round(perfect_quality(), 4)
        0.9889
    """
    return 1 - exp(-(reach**2) / 2)
