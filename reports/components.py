"""Two sources of variance told apart: what another training seed changes, and what other samples of one generator do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, f

LEVEL = 0.95


@dataclass(frozen=True)
class Components:
    """One-way random effects: y[seed, set of fakes] = mean + seed + sample.

    Attributes:
        seeds: number of them.
        sets: measurements, over all seeds.
        between: standard deviation that training seeds add, with its ends; 0 where the estimate is negative.
        within: standard deviation of the samples of one generator, with its ends.
        share: of the variance of a single measurement that is the seed's, with its ends.
    """

    seeds: int
    sets: int
    between: float
    within: tuple[float, float, float]
    share: tuple[float, float, float]


def components(groups: Sequence[Sequence[float]]) -> Components | None:
    """The components of variance by the mean squares, with exact intervals in the normal model for equal group sizes.

    within² = MS_w, its interval by χ²; between² = (MS_b - MS_w) / k₀; the share's interval by F = MS_b / MS_w (Searle,
    Casella and McCulloch 1992, section 3.6), k₀ = (N - Σ kᵢ² / N) / (groups - 1), which is the size of equal groups.

    Args:
        groups: for every seed, the values of one quantity on independent sets of samples.

    Returns:
        None for fewer than two groups, or where no group has two values.

    Example:
        >>> found = components([[1.0, 1.2], [2.0, 2.2], [3.0, 3.2]])
        >>> round(found.within[0], 4), round(found.between, 4), round(found.share[0], 3)
        (0.1414, 0.995, 0.98)
    """
    kept = [np.asarray(group, dtype=float) for group in groups if len(group)]
    sizes = np.array([len(group) for group in kept], dtype=float)
    free_between, free_within = len(kept) - 1, int(sizes.sum()) - len(kept)
    if free_between < 1 or free_within < 1:
        return None
    means = np.array([group.mean() for group in kept])
    grand = float(np.average(means, weights=sizes))
    inside = float(sum(((group - mean) ** 2).sum() for group, mean in zip(kept, means, strict=True))) / free_within
    across = float((sizes * (means - grand) ** 2).sum()) / free_between
    size = float(sizes.sum() - (sizes**2).sum() / sizes.sum()) / free_between
    between = max(0.0, (across - inside) / size)
    return Components(
        len(kept),
        int(sizes.sum()),
        math.sqrt(between),
        _spread(inside, free_within),
        _share(across, inside, size, free_between, free_within),
    )


def deviation(values: Sequence[float]) -> tuple[float, float, float] | None:
    """The standard deviation of normal values and its interval by χ²; None for fewer than two.

    Example:
        >>> [round(part, 3) for part in deviation([1.0, 2.0, 3.0, 4.0])]
        [1.291, 0.731, 4.814]
    """
    if len(values) < 2:
        return None
    return _spread(float(np.var(values, ddof=1)), len(values) - 1)


def _spread(variance: float, free: int) -> tuple[float, float, float]:
    high, low = chi2.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], free)
    return math.sqrt(variance), math.sqrt(variance * free / low), math.sqrt(variance * free / high)


def _share(across: float, inside: float, size: float, above: int, below: int) -> tuple[float, float, float]:
    if inside == 0:
        return (1.0, 1.0, 1.0) if across > 0 else (0.0, 0.0, 1.0)
    ratio = across / inside
    ends = [ratio / float(f.ppf(level, above, below)) for level in ((1 + LEVEL) / 2, (1 - LEVEL) / 2)]
    middle, low, high = (max(0.0, (each - 1) / (each - 1 + size)) for each in (ratio, *ends))
    return middle, low, high
