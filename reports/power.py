"""How small a difference a suite could have seen: the power of the max-T test in the normal model."""

import math
from functools import lru_cache
from itertools import combinations

import numpy as np

from reports.multiplicity import max_t
from reports.power_table import CONSTANTS, LOSSES, SEEDS
from reports.statistics import Array

FEWEST = 6  # seeds below which no p can reach 0.05 at two sides
LEVEL, POWER = 0.05, 0.8
QUICK = 2**20  # sign patterns × pairs, four times over, of a suite whose simulation takes seconds


def constant(seeds: int, losses: int) -> float | None:
    """The shift, in standard deviations of a pair's differences, that is found in 80 % of suites.

    From the table of `reports.power_table`, made by `simulate`; between its entries that of the next fewer seeds and the
    next more losses, which is never too small. Above 30 seeds it falls like 1 / √n. For more losses than the table has it is a
    simulation of 200 suites, where that takes seconds; for so many pairs and seeds that it would take hours, `extrapolated`.

    Args:
        seeds: that the pair has.
        losses: in the family, 2 or more.

    Returns:
        The constant, or None for fewer than 6 seeds, where no shift could be found.

    Example:
        >>> constant(5, 2), constant(8, 2) < constant(8, 3) < constant(6, 3)
        (None, True)
    """
    if seeds < FEWEST:
        return None
    row = max(place for place, count in enumerate(SEEDS) if count <= seeds)
    shrink = float(np.sqrt(SEEDS[-1] / max(seeds, SEEDS[-1])))
    if losses > LOSSES[-1]:
        quick = 2 ** SEEDS[row] * losses**2 <= QUICK
        return shrink * (simulate(SEEDS[row], losses, 200) if quick else extrapolated(row, losses))
    return shrink * CONSTANTS[row][min(place for place, count in enumerate(LOSSES) if count >= losses)]


def extrapolated(row: int, losses: int) -> float:
    """`constant` beyond the table: with each doubling of the losses it grows as it does from the table's last but one to its last.

    Simulations of 200 suites of 30 to 100 losses came out at 0.96 to 1.05 times that, no more than their own error.

    Args:
        row: of the table, a number of seeds.
        losses: more than it has.
    """
    before, last = CONSTANTS[row][-2:]
    doublings = math.log(losses / LOSSES[-1]) / math.log(LOSSES[-1] / LOSSES[-2])
    return float(last * (last / before) ** doublings)


@lru_cache(maxsize=64)
def simulate(seeds: int, losses: int, suites: int, seed: int = 0) -> float:
    """`constant` by bisection over the same seeded suites: independent normal log qualities, one loss worse.

    In each suite the first loss is shifted by constant × the standard deviation (n - 1) of its own observed differences
    from the second, as a reader would, who knows no other; found is what has an adjusted p of at most 0.05.

    Args:
        seeds: of every loss.
        losses: in the family.
        suites: simulated; the standard error of the power is √(0.16 / suites).
        seed: of the simulation.
    """
    low, high = 0.0, 64.0
    while high - low > 0.005 * high:
        middle = (low * high) ** 0.5 if low else high / 2
        if found(middle, seeds, losses, suites, seed) >= POWER:
            high = middle
        else:
            low = middle
    return high


def found(shift: float, seeds: int, losses: int, suites: int, seed: int) -> float:
    """The share of suites in which the pair is found when its first loss is shifted by `shift` standard deviations."""
    random = np.random.default_rng([seed, seeds, losses])
    first, second = pair_places(losses)
    hits = 0
    for _ in range(suites):
        logs: Array = random.normal(size=(losses, seeds))
        logs[0] += shift * np.std(logs[0] - logs[1], ddof=1)
        hits += bool(max_t(logs[first] - logs[second])[1][0] <= LEVEL)
    return hits / suites


@lru_cache(maxsize=64)
def pair_places(losses: int) -> tuple[list[int], list[int]]:
    """The rows of the first and of the second loss of each pair.

    Example:
        >>> pair_places(3)
        ([0, 0, 1], [1, 2, 2])
    """
    pairs = list(combinations(range(losses), 2))
    return [first for first, _ in pairs], [second for _, second in pairs]
