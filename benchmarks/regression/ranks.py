"""Rank statistics on logarithms of times: is there a difference, and how large is it. numpy and scipy, float64."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]
CONFIDENCE = 0.95
MOST_EXACT = 50  # blocks, up to which the distribution of the signed-rank sum is enumerated
_NORMAL = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))


def signed_rank(differences: Array, margin: float = 0.0) -> tuple[Array, Array]:
    """Wilcoxon's signed-rank test of each row, one-sided: (p of a median above the margin, p of one below its negative).

    Differences that are just the margin count half to either side.

    Args:
        differences: rows × blocks.
        margin: that a difference has to exceed, 0 or more.

    Example:
        >>> above, below = signed_rank(np.array([[1.0, 2.0, 3.0]]))
        >>> float(above[0]), float(below[0])
        (0.125, 1.0)
    """
    # Chosen here, for "auto" permutes a short row with ties for seconds.
    method = "exact" if differences.shape[1] <= MOST_EXACT else "asymptotic"

    def p_value(side: str, shifted: Array) -> Array:
        done = stats.wilcoxon(shifted, zero_method="zsplit", alternative=side, method=method, axis=1)
        return np.atleast_1d(done.pvalue)

    return p_value("greater", differences - margin), p_value("less", differences + margin)


def rank_sum(base: Array, new: Array, margin: float = 0.0) -> tuple[float, float]:
    """The Mann-Whitney test of two independent samples, with the same two sides.

    Example:
        >>> rank_sum(np.array([1.0, 2.0]), np.array([3.0, 4.0]))[0]  # one of six orders
        0.16666666666666666
    """
    worse = stats.mannwhitneyu(new - margin, base, alternative="greater").pvalue
    better = stats.mannwhitneyu(new + margin, base, alternative="less").pvalue
    return float(worse), float(better)


def paired_shift(differences: Array) -> tuple[Array, Array, Array]:
    """The Hodges-Lehmann shift of each row and its confidence interval: the median of all pairwise means.

    Args:
        differences: rows × blocks.

    Returns:
        Shift, lower and upper end, one of each per row.

    Example:
        >>> float(paired_shift(np.array([[1.0, 2.0, 9.0]]))[0][0])  # of 1, 1.5, 2, 5, 5.5, 9
        3.5
    """
    blocks = differences.shape[1]
    first, second = np.triu_indices(blocks)
    means = np.sort((differences[:, first] + differences[:, second]) / 2, axis=1)
    outside = len(first) / 2 - _NORMAL * math.sqrt(blocks * (blocks + 1) * (2 * blocks + 1) / 24)
    return _centre(means, outside)


def unpaired_shift(base: Array, new: Array) -> tuple[float, float, float]:
    """The same for two independent samples: the median of all differences new - base.

    Example:
        >>> unpaired_shift(np.array([1.0, 2.0]), np.array([4.0, 6.0]))[0]  # of 2, 3, 4, 5
        3.5
    """
    differences = np.sort((new[:, None] - base[None, :]).reshape(1, -1), axis=1)
    outside = differences.shape[1] / 2 - _NORMAL * math.sqrt(len(base) * len(new) * (len(base) + len(new) + 1) / 12)
    shift, low, high = _centre(differences, outside)
    return float(shift[0]), float(low[0]), float(high[0])


def _centre(ordered: Array, outside: float) -> tuple[Array, Array, Array]:
    """The median of each ordered row, and its values with `outside` (of a normal approximation) others beyond."""
    last = ordered.shape[1] - 1
    cut = min(max(math.floor(outside), 0), last // 2)
    return np.median(ordered, axis=1), ordered[:, cut], ordered[:, last - cut]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction (1979): p values that can be held against one level for the whole family.

    The k-th smallest of m is multiplied by m - k + 1; none becomes smaller than the one before it, or larger than 1.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    corrected = [1.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected


def least_blocks(quantities: int, alpha: float) -> int:
    """Blocks from which on a signed-rank test can reach `alpha` at all after Holm's correction over so many quantities.

    The smallest p of n blocks is 2^-n.

    Example:
        >>> least_blocks(1, 0.05), least_blocks(25, 0.01)
        (5, 12)
    """
    return math.floor(math.log2(quantities / alpha)) + 1
