"""Counting modes: how many are met, and how unevenly, beside what the sampling alone does."""

import math

import torch
from torch import Tensor


def seen(modes: Tensor) -> int:
    """How many different modes there are among numbers of modes, int64 (n,).

    Example:
        >>> seen(torch.tensor([3, 3, 7]))
        2
    """
    return len(modes.unique())


def seen_by_chance(draws: int, modes: int) -> float:
    """How many of K equally likely modes n draws meet on average: K (1 - (1 - 1/K)ⁿ).

    Example:
        >>> seen_by_chance(2, 2), round(seen_by_chance(26_000, 1000), 6)
        (1.5, 1000.0)
    """
    return modes * (1 - (1 - 1 / modes) ** draws)


def kl_to_uniform(modes: Tensor, of: int) -> float:
    """KL of the modes' shares p̂ among n numbers to K equally likely ones, in nats: Σ p̂ ln(K p̂), 0 … ln K; NaN of none.

    Args:
        modes: int64 (n,), 0 … K - 1.
        of: K.

    Example:
        >>> round(kl_to_uniform(torch.tensor([0, 0, 1, 1]), 4), 6)  # ln 2: half of the modes
        0.693147
    """
    if not len(modes):
        return math.nan
    shares = modes.bincount(minlength=of).double() / len(modes)
    return float(torch.special.xlogy(shares, of * shares).sum())


def kl_by_chance(draws: int, modes: int) -> float:
    """The mean of `kl_to_uniform` over n draws of K equally likely modes; about (K - 1) / 2n for large n.

    Exactly Σ_j K P(j) (j/n) ln(K j/n) with the binomial probabilities P(j) that one mode is drawn j times.

    Args:
        draws: n, at least 1.
        modes: K, at least 2.

    Example:
        >>> round(kl_by_chance(1, 1000) - math.log(1000), 9), round(kl_by_chance(26_000, 1000), 4)
        (0.0, 0.0193)
    """
    times = torch.arange(1, draws + 1, dtype=torch.float64)
    ways = math.lgamma(draws + 1) - torch.lgamma(times + 1) - torch.lgamma(draws - times + 1)
    likely = (ways - times * math.log(modes) + (draws - times) * math.log1p(-1 / modes)).exp()
    shares = times / draws
    return float((modes * likely * torch.special.xlogy(shares, modes * shares)).sum())
