"""Shares of variance in a balanced factorial, and how alike rankings are: pure functions on arrays."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Array = NDArray[np.float64]
SEED, HIGHER = "seed", "interactions of three and more"


def shares(values: Array, names: Sequence[str]) -> dict[str, float]:
    """What share of the sum of squares each factor and each pair of factors has: η² of a balanced factorial.

    The effect of a factor is the spread of its levels' means; that of a pair, what its means have beyond both. The last
    axis are the seeds: what differs between them at equal settings is `SEED`; what is left, `HIGHER`. All add up to 1.

    Args:
        values: finite numbers, one axis per factor, and the seeds last.
        names: of the factors, in the order of the axes.

    Returns:
        share by factor ("lr"), by pair ("loss × lr"), `HIGHER` and `SEED`; NaN where nothing varies.

    Example:
        >>> found = shares(np.array([[[0.0, 0.0], [1.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]]]), ["loss", "lr"])
        >>> found["lr"], found["loss"], found["seed"]
        (1.0, 0.0, 0.0)
    """
    if values.ndim != len(names) + 1 or not np.isfinite(values).all():
        raise ValueError(f"finite values with an axis for each of {', '.join(names)} and one for seeds were expected.")
    centred = values - values.mean()
    total = float((centred**2).sum())
    effects: dict[tuple[int, ...], Array] = {(place,): _means(centred, (place,)) for place in range(len(names))}
    for pair in combinations(range(len(names)), 2):
        effects[pair] = _means(centred, pair) - effects[pair[:1]] - effects[pair[1:]]
    sums = {places: float((effect**2).sum()) * values.size / effect.size for places, effect in effects.items()}
    settings = centred.mean(axis=-1, keepdims=True)
    between = float((settings**2).sum()) * values.shape[-1]
    found = {" × ".join(names[place] for place in places): part / total for places, part in sums.items()}
    return {**found, HIGHER: (between - sum(sums.values())) / total, SEED: 1 - between / total}


def _means(values: Array, kept: tuple[int, ...]) -> Array:
    means: Array = values.mean(axis=tuple(axis for axis in range(values.ndim) if axis not in kept), keepdims=True)
    return means


def share_intervals(
    values: Array, names: Sequence[str], draws: int = 1000, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of `shares`: what the factors and their pairs leave unexplained is drawn anew.

    What is left of the settings' means and what is left between seeds are drawn apart; the first shrunk, as noise of the
    seeds is in it and comes in again with the second.

    The levels are fixed: nothing is said of losses or learning rates that were not tried.

    Args:
        values: as in `shares`.
        names: as in `shares`.
        draws: of the residuals, with replacement, seeded.
        level: of the intervals.
    """
    fitted, settings, seeds = _fitted(values, len(names)), values.mean(axis=-1, keepdims=True), values.shape[-1]
    between = settings - fitted.mean(axis=-1, keepdims=True)
    within = (values - settings) * np.sqrt(seeds / max(1, seeds - 1))
    noise = float((within**2).mean()) / seeds
    between = between * np.sqrt(max(0.0, 1 - noise / max(float((between**2).mean()), 1e-300)))
    random = np.random.default_rng(0)
    drawn = [
        shares(
            fitted + random.choice(between.ravel(), settings.shape) + random.choice(within.ravel(), values.shape), names
        )
        for _ in range(draws)
    ]
    ends = [(1 - level) / 2, (1 + level) / 2]
    found = {name: np.quantile([each[name] for each in drawn], ends) for name in drawn[0]}
    return {name: (float(low), float(high)) for name, (low, high) in found.items()}


def _fitted(values: Array, factors: int) -> Array:
    """What main effects and pairs explain of each value."""
    mean = values.mean()
    single = {place: _means(values - mean, (place,)) for place in range(factors)}
    fitted = np.full(values.shape, mean)
    for effect in single.values():
        fitted = fitted + effect
    for first, second in combinations(range(factors), 2):
        fitted = fitted + _means(values - mean, (first, second)) - single[first] - single[second]
    return fitted


def concordance(values: Array) -> float:
    """Kendall's W of several rankings: 1 where all are the same, 0 where they have nothing in common.

    W = 12 S / (m² (k³ - k)), S the squared deviations of the k sums of ranks over m rankings (Kendall and Babington Smith
    1939); ties share the middle rank, uncorrected.

    Args:
        values: (m, k), one row per ranking, one column per thing that is ranked.

    Example:
        >>> concordance(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])), concordance(np.array([[1.0, 2.0], [2.0, 1.0]]))
        (1.0, 0.0)
    """
    rankings, things = values.shape
    ranks = np.array([rankdata(row) for row in values]).sum(axis=0)
    return float(12 * ((ranks - ranks.mean()) ** 2).sum() / (rankings**2 * (things**3 - things)))


def concordance_interval(values: Array, draws: int = 1000) -> tuple[float, float]:
    """The 95 % percentile interval of `concordance`, rankings drawn with replacement.

    Example:
        >>> concordance_interval(np.array([[1.0, 2.0, 3.0]] * 5))
        (1.0, 1.0)
    """
    random = np.random.default_rng(0)
    found = [concordance(values[random.integers(len(values), size=len(values))]) for _ in range(draws)]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def successes(first: Mapping[tuple[object, ...], bool], second: Mapping[tuple[object, ...], bool]) -> dict[str, int]:
    """How many settings work for both, for one alone and for neither (as table 2 of arXiv:1704.00028).

    Example:
        >>> successes({(1,): True, (2,): False}, {(1,): True, (2,): True})
        {'both': 1, 'first only': 0, 'second only': 1, 'neither': 0}
    """
    known = [(first[key], second[key]) for key in first.keys() & second.keys()]
    return {
        "both": known.count((True, True)),
        "first only": known.count((True, False)),
        "second only": known.count((False, True)),
        "neither": known.count((False, False)),
    }
