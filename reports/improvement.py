"""What a single run may expect of one loss against another, and a loss's typical run."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import trim_mean

from reports.statistics import Z


def improvement(first: ArrayLike, second: ArrayLike) -> tuple[float, float, float]:
    """The probability that a run of the first is lower than one of the second, and its interval of 95 %.

    The share of all pairs of runs, ties half, as in arXiv:2108.13264. The interval: the θ with |θ̂ - θ| ≤ z √V(θ), V the
    variance of Hanley and McNeil (Newcombe 2006, Statistics in Medicine 25, p. 559, method 5). It does not collapse
    where all pairs agree, as the bootstrap's does; runs that share seeds make it wider than need be.

    Args:
        first: (m,) values of one run each, lower is better; infinite for one that failed.
        second: (n,) likewise, of the other.

    Returns:
        (share, low, high).

    Raises:
        ValueError: no runs of one of them, or NaN among the values.

    Example:
        >>> [round(value, 3) for value in improvement([1.0, 2.0], [2.0, 3.0])]
        [0.875, 0.3, 0.991]
    """
    ours, theirs = (np.asarray(part, dtype=float) for part in (first, second))
    if not ours.size or not theirs.size or np.isnan(ours).any() or np.isnan(theirs).any():
        raise ValueError("one or more values of each were expected, none of them NaN.")
    share = float(np.mean((ours[:, None] < theirs) + 0.5 * (ours[:, None] == theirs)))
    half, product = (len(ours) + len(theirs)) / 2 - 1, len(ours) * len(theirs)

    def outside(theta: float) -> bool:
        extra = half * ((1 - theta) / (2 - theta) + theta / (1 + theta))
        return (share - theta) ** 2 > Z * Z * theta * (1 - theta) * (1 + extra) / product

    return share, _edge(share, 0.0, outside), _edge(share, 1.0, outside)


def _edge(inside: float, end: float, outside: Callable[[float], bool]) -> float:
    """Where `outside` turns true on the way from a point inside to an end."""
    far = end
    for _ in range(50):
        middle = (inside + far) / 2
        inside, far = (inside, middle) if outside(middle) else (middle, far)
    return far if abs(far - end) > 1e-9 else end


def interquartile_mean(values: ArrayLike) -> float:
    """The mean of the middle half of the values: robust as the median, and less wasteful (arXiv:2108.13264).

    Example:
        >>> interquartile_mean([1.0, 2.0, 3.0, 100.0])
        2.5
    """
    return float(trim_mean(np.asarray(values, dtype=float), 0.25))
