"""Many pairs, one family: p values adjusted by step-down max-T over joint sign flips of the seeds."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from reports.statistics import EXACT, Array, signed

LARGEST = 2**23  # numbers of an array that is needed for a moment
SAME = 1e-9  # two statistics that are equal but for rounding


def max_t(differences: ArrayLike) -> tuple[Array, Array]:
    """Two-sided p values of several rows of differences, each by itself and adjusted for all of them.

    The statistic of a row is |Σ d| / √(Σ d²), which rises with Student's |t| = √(n - 1) r / √(1 - r²), r = statistic / √n,
    and is defined where t is not: √n for a row of equal differences, 0 for one of zeros. A seed gets one sign for all
    rows, so that the dependence between pairs of losses is kept. Adjusted: the share of the sign patterns under which
    the greatest statistic of the row and of all below it reaches the observed one, and never less than that of the row
    above (Westfall and Young 1993, algorithm 4.1; Romano and Wolf 2005). All 2ⁿ patterns for n ≤ 14, so that the
    smallest p is 2 / 2ⁿ however many rows there are; above it 20,000 seeded ones, the observed one counted in.

    Args:
        differences: (rows, n), one column per seed; NaN where a row has no pair of that seed.

    Returns:
        (p, adjusted p), (rows,) each; 1 for a row without any difference.

    Raises:
        ValueError: not a table of at least one row and one column, or an infinite entry.

    Example:
        >>> alone, adjusted = max_t([[3.0, 3.0, 3.0, 3.0, 3.0, 3.0], [1.0, -1.0, 2.0, -2.0, 1.0, -1.0]])
        >>> alone.tolist(), adjusted.tolist()
        ([0.03125, 1.0], [0.03125, 1.0])
    """
    table = np.array(differences, dtype=float, ndmin=2)
    if table.ndim != 2 or not table.size or np.isinf(table).any():
        raise ValueError(f"rows of one or more finite differences were expected, {differences!r} came.")
    table = np.nan_to_num(table)
    lengths = np.sqrt((table**2).sum(axis=1))
    units = np.divide(table, lengths[:, None], out=np.zeros_like(table), where=lengths[:, None] > 0)
    observed = np.abs(units.sum(axis=1))
    order = np.argsort(-observed, kind="stable")
    goal, size = observed[order] - SAME, max(1, LARGEST // len(order))
    single, greatest, drawn = np.zeros(len(order)), np.zeros(len(order)), 0
    for patterns in parted(table.shape[1], size):
        ordered = np.abs(patterns @ units[order].T)
        single += (ordered >= goal).sum(axis=0)
        greatest += (np.maximum.accumulate(ordered[:, ::-1], axis=1)[:, ::-1] >= goal).sum(axis=0)
        drawn += len(patterns)
    more = (
        0 if table.shape[1] <= EXACT else 1
    )  # of more seeds than can be enumerated the observed pattern is counted in
    alone, adjusted = np.empty(len(order)), np.empty(len(order))
    alone[order] = (single + more) / (drawn + more)
    adjusted[order] = np.maximum.accumulate((greatest + more) / (drawn + more))
    return alone, adjusted


def parted(count: int, size: int) -> Iterator[Array]:
    """The sign patterns, so many at a time at most: the statistics of thousands of pairs do not fit into memory at once."""
    for patterns in [signs(count)] if count <= EXACT else signed(count):
        yield from (patterns[start : start + size] for start in range(0, len(patterns), size))


@lru_cache(maxsize=EXACT)
def signs(count: int) -> Array:
    """(patterns, count) of ±1 for up to 14 seeds: one of each mirrored two.

    Example:
        >>> signs(2).tolist()
        [[1.0, 1.0], [1.0, -1.0]]
    """
    bits = np.arange(2 ** (count - 1))[:, None] >> np.arange(count - 1) & 1
    found: Array = 1.0 - 2.0 * np.column_stack([np.zeros(len(bits), dtype=bits.dtype), bits])
    found.flags.writeable = False
    return found
