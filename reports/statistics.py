"""Paired statistics over seeds as pure functions on arrays: exact where that is possible, seeded where it is not."""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import bootstrap

EXACT = 14
DRAWS = 20_000
MANY = 30  # seeds from which on the bootstrap can be trusted with an interval
LEVEL = 0.95
RESAMPLES = 9_999  # of the bootstrap
FEW = 100  # pairs up to which the patterns are kept as numbers
LARGEST = 2**22  # numbers of an array that is needed for a moment
Z = 1.959963984540054  # the normal distribution's 97.5 % point
Array = NDArray[np.float64]


def log_ratios(values: ArrayLike, reference: ArrayLike) -> Array:
    """ln(value / reference) of each pair; NaN where either is not positive or not finite.

    Example:
        >>> log_ratios([1.0, 2.0, -1.0], [1.0, 1.0, 1.0]).round(3).tolist()
        [0.0, 0.693, nan]
    """
    above, below = (np.asarray(part, dtype=float) for part in (values, reference))
    usable = np.isfinite(above) & np.isfinite(below) & (above > 0) & (below > 0)
    ratio = np.divide(above, below, out=np.full(above.shape, np.nan), where=usable)
    logs: Array = np.log(ratio, out=np.full(above.shape, np.nan), where=usable)
    return logs


def sign_flip_p(differences: ArrayLike) -> float:
    """Two-sided p of the sign-flip test that `differences` are symmetric about 0; the statistic is their mean.

    p = the share of the 2ⁿ sign patterns whose |mean| is at least the observed one; for n > 14 over 20,000 seeded
    patterns, the observed one counted in. The smallest p that n pairs can reach is 2 / 2ⁿ.

    Args:
        differences: (n,) finite numbers, one per pair.

    Raises:
        ValueError: no differences at all.

    Example:
        >>> sign_flip_p([1.0, 2.0, 3.0])
        0.25
    """
    values = _finite(differences)
    observed = abs(values.mean())
    # A pattern and its mirror image round differently: without the margin one of the two would be lost.
    margin = 1e-12 * np.abs(values).mean()
    parts = [np.abs(signs @ values / len(values)) >= observed - margin for signs in signed(len(values))]
    extreme = np.concatenate(parts)
    if len(values) <= EXACT:
        return float(extreme.mean())
    return float((extreme.sum() + 1) / (len(extreme) + 1))


def sign_flip_interval(differences: ArrayLike, level: float = LEVEL) -> tuple[float, float] | None:
    """The interval of centres that the sign-flip test does not reject, of at least 95 % coverage.

    The k-th smallest and k-th largest of the 2ⁿ - 1 means of non-empty subsets, k = ⌊0.025 · 2ⁿ⌋ (Hartigan 1969); its
    coverage is `coverage(n)`. For n > 14 the means of 20,000 seeded subsets.

    Args:
        differences: (n,) finite numbers, one per pair.
        level: of the coverage; k = ⌊(1 - level) / 2 · 2ⁿ⌋.

    Returns:
        (low, high), or None where no interval of that coverage exists: for n < 6, at a level of 90 % for n < 5.

    Example:
        >>> sign_flip_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        (1.0, 6.0)
        >>> sign_flip_interval([1.0, 2.0, 3.0]) is None
        True
        >>> sign_flip_interval([1.0, 2.0, 3.0, 4.0, 5.0], level=0.9)
        (1.0, 5.0)
    """
    values = _finite(differences)
    return sign_flip_intervals(values[None], (level,))[0][0]


def sign_flip_intervals(
    differences: ArrayLike, levels: tuple[float, ...] = (LEVEL, 0.9)
) -> list[list[tuple[float, float] | None]]:
    """`sign_flip_interval` of several rows of differences at several levels, at the price of few.

    Args:
        differences: (rows, n) finite numbers.
        levels: of the coverage.

    Returns:
        For each row the interval of each level.
    """
    rows = np.asarray(differences, dtype=float)
    count = rows.shape[1]
    ranks = [_rank(count, level) for level in levels]
    if not any(ranks):
        return [[None] * len(levels) for _ in rows]
    means = np.concatenate([patterns @ rows.T / sizes[:, None] for patterns, sizes in _subsets(count)])
    ends = sorted({place for rank in ranks if rank for place in (rank - 1, len(means) - rank)})
    means.partition(ends, axis=0)
    return [
        [(float(means[rank - 1, row]), float(means[-rank, row])) if rank else None for rank in ranks]
        for row in range(len(rows))
    ]


def median_interval(values: ArrayLike, level: float = LEVEL) -> tuple[float, float] | None:
    """The narrowest interval between two order statistics, equally far from both ends, that covers the median so often.

    The k-th smallest and the k-th largest value, with the largest k of 1 - 2 P(B < k) ≥ level, B binomial (n, ½): whatever the
    distribution (David and Nagaraja, Order Statistics, 7.1).

    Args:
        values: (n,) finite numbers.
        level: of the coverage.

    Returns:
        (low, high), or None where even the range covers it less often: for n < 6 at 95 %.

    Example:
        >>> median_interval([3.0, 1.0, 2.0, 6.0, 5.0, 4.0]), median_interval(range(12)), median_interval([1.0, 2.0])
        ((1.0, 6.0), (2.0, 9.0), None)
    """
    ordered = np.sort(_finite(values)) if np.size(values) else np.empty(0)
    count, below, place = len(ordered), 0.0, 0
    while place < count // 2 and below + math.comb(count, place) / 2**count <= (1 - level) / 2:
        below += math.comb(count, place) / 2**count
        place += 1
    return (float(ordered[place - 1]), float(ordered[-place])) if place else None


def bootstrap_interval(differences: ArrayLike, level: float = LEVEL) -> tuple[float, float]:
    """The bias-corrected and accelerated bootstrap interval of the mean (Efron 1987), 9,999 seeded draws.

    Below some thirty values its coverage falls short of what it is called; there `sign_flip_interval` is exact.

    Example:
        >>> bootstrap_interval([2.0, 2.0, 2.0])
        (2.0, 2.0)
    """
    return bootstrap_intervals(_finite(differences)[None], (level,))[0][0]


def bootstrap_intervals(
    differences: ArrayLike, levels: tuple[float, ...] = (LEVEL, 0.9)
) -> list[list[tuple[float, float]]]:
    """`bootstrap_interval` of several rows of differences at several levels, at the price of few: all have the same draws.

    Args:
        differences: (rows, n) finite numbers.
        levels: of the coverage.

    Returns:
        For each row the interval of each level.
    """
    rows = np.asarray(differences, dtype=float)
    found = [[(float(row[0]), float(row[0]))] * len(levels) for row in rows]  # of rows without any spread
    spread_out = np.flatnonzero(np.ptp(rows, axis=1) > 0)
    several = max(1, LARGEST // (RESAMPLES * rows.shape[1]))
    for start in range(0, len(spread_out), several):
        places = spread_out[start : start + several]
        for place, intervals in zip(places, _bootstrapped(rows[places], levels), strict=True):
            found[place] = intervals
    return found


def _bootstrapped(rows: Array, levels: tuple[float, ...]) -> list[list[tuple[float, float]]]:
    batch = max(1, min(RESAMPLES, LARGEST // rows.size))  # the draws are the same whatever it is
    how: dict[str, Any] = {"method": "BCa", "axis": -1, "batch": batch, "rng": np.random.default_rng(0)}
    drawn = bootstrap((rows,), np.mean, n_resamples=RESAMPLES, confidence_level=levels[0], **how)
    every = [drawn.confidence_interval]
    for level in levels[1:]:
        again = bootstrap((rows,), np.mean, n_resamples=0, confidence_level=level, bootstrap_result=drawn, **how)
        every.append(again.confidence_interval)
    return [[(float(ends.low[row]), float(ends.high[row])) for ends in every] for row in range(len(rows))]


def coverage(count: int, level: float = LEVEL) -> float | None:
    """The coverage of `sign_flip_interval` for `count` pairs, 1 - 2k / 2ⁿ; None where there is no interval.

    Example:
        >>> coverage(6), coverage(5), coverage(5, 0.9)
        (0.96875, None, 0.9375)
    """
    rank = _rank(count, level)
    return 1 - 2 * rank / (2**count if count <= EXACT else DRAWS + 1) if rank else None


def wilson(events: int, count: int) -> tuple[float, float]:
    """The Wilson score interval of 95 % for a share: (low, high).

    The shares π with |p - π| ≤ z √(π (1 - π) / n), p = events / n and z the normal 97.5 % point. It keeps its coverage for
    few trials and for shares of 0 and 1 (Wilson 1927; Newcombe 1998, Statistics in Medicine 17, method 3).

    Args:
        events: of the trials, 0 … count.
        count: trials, 1 or more.

    Raises:
        ValueError: no trials, or events that are not among them.

    Example:
        >>> [[round(end, 4) for end in wilson(*case)] for case in ((81, 263), (15, 148), (0, 20), (1, 29))]  # Newcombe, table I
        [[0.2553, 0.3662], [0.0624, 0.1605], [0.0, 0.1611], [0.0061, 0.1718]]
    """
    if not 0 <= events <= count or not count:
        raise ValueError(f"0 to {count} events of at least one trial were expected, {events} came.")
    share, weight = events / count, Z * Z / count
    middle = share + weight / 2
    reach = Z * math.sqrt(share * (1 - share) / count + weight / (4 * count))
    low, high = (middle - reach) / (1 + weight), (middle + reach) / (1 + weight)
    return (low if events else 0.0), (high if events < count else 1.0)  # exact where rounding would leave a trace


def spread(values: ArrayLike) -> tuple[float, float, float]:
    """Median and both quartiles of the finite values: (median, lower, upper); NaN for none.

    Example:
        >>> spread([1.0, 2.0, 3.0, 4.0, 5.0])
        (3.0, 2.0, 4.0)
    """
    numbers = np.asarray(values, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return math.nan, math.nan, math.nan
    lower, middle, upper = np.quantile(numbers, [0.25, 0.5, 0.75])
    return float(middle), float(lower), float(upper)


def _finite(differences: ArrayLike) -> Array:
    values = np.asarray(differences, dtype=float)
    if values.ndim != 1 or not len(values) or not np.isfinite(values).all():
        raise ValueError(f"one or more finite differences in a row were expected, {differences!r} came.")
    return values


def _rank(count: int, level: float = LEVEL) -> int:
    return math.floor((2**count if count <= EXACT else DRAWS + 1) * (1 - level) / 2 + 1e-9)


@lru_cache(maxsize=8)
def _patterns(count: int) -> NDArray[np.bool_]:
    """(patterns, count): every subset of `count` things, or 20,000 seeded ones where there are too many."""
    if count <= EXACT:
        return (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(bool)
    # Part by part, for what is drawn takes eight times the memory of what is kept.
    random, size = np.random.default_rng(0), max(1, LARGEST // count)
    parts = [min(size, DRAWS - start) for start in range(0, DRAWS, size)]
    return np.concatenate([random.integers(0, 2, size=(part, count)).astype(bool) for part in parts])


def _blocks(count: int) -> Iterator[NDArray[np.bool_]]:
    """The patterns, part by part where they are many and long: as numbers they take eight times the memory."""
    patterns, size = _patterns(count), max(1, LARGEST // count)
    yield from (patterns[start : start + size] for start in range(0, len(patterns), size))


def signed(count: int) -> Iterable[Array]:
    """The patterns as signs, (patterns, count) of ±1 in one or more parts; of few things they are kept."""
    return _few_signs(count) if count <= FEW else map(_signs, _blocks(count))


@lru_cache(maxsize=8)
def _few_signs(count: int) -> list[Array]:
    return [_signs(block) for block in _blocks(count)]


def _signs(block: NDArray[np.bool_]) -> Array:
    return 2.0 * block.astype(float) - 1.0


def _subsets(count: int) -> Iterable[tuple[Array, Array]]:
    """The patterns that are not empty as numbers, and their sizes, in one or more parts; of few things they are kept."""
    return _few_subsets(count) if count <= FEW else _not_empty(count)


@lru_cache(maxsize=8)
def _few_subsets(count: int) -> list[tuple[Array, Array]]:
    return list(_not_empty(count))


def _not_empty(count: int) -> Iterator[tuple[Array, Array]]:
    for block in _blocks(count):
        kept: Array = block[block.any(axis=1)].astype(float)
        yield kept, kept.sum(axis=1)
