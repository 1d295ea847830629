"""Many pairs, one family: p values adjusted by step-down max-T over joint sign flips of the seeds."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reports.statistics import DRAWS, EXACT, Array

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
    patterns = signs(table.shape[1])
    ordered = np.abs(patterns @ units[order].T)
    greatest = np.maximum.accumulate(ordered[:, ::-1], axis=1)[:, ::-1]
    goal = observed[order] - SAME
    exact = table.shape[1] <= EXACT
    alone, adjusted = np.empty(len(order)), np.empty(len(order))
    alone[order] = _share(ordered >= goal, exact)
    adjusted[order] = np.maximum.accumulate(_share(greatest >= goal, exact))
    return alone, adjusted


@lru_cache(maxsize=32)
def signs(count: int) -> Array:
    """(patterns, count) of ±1: one of each mirrored two for up to 14 seeds, 20,000 seeded ones above.

    Example:
        >>> signs(2).tolist()
        [[1.0, 1.0], [1.0, -1.0]]
    """
    if count <= EXACT:
        bits = np.arange(2 ** (count - 1))[:, None] >> np.arange(count - 1) & 1
        drawn = np.column_stack([np.zeros(len(bits), dtype=bits.dtype), bits])
    else:
        drawn = np.random.default_rng(0).integers(0, 2, size=(DRAWS, count))
    found: Array = 1.0 - 2.0 * drawn
    found.flags.writeable = False
    return found


def _share(reached: NDArray[np.bool_], exact: bool) -> Array:
    counts = reached.sum(axis=0, dtype=float)
    shares: Array = counts / len(reached) if exact else (counts + 1) / (len(reached) + 1)
    return shares
