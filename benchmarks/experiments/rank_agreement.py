"""How alike seeds rank the same things."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

DRAWS = 500


def kendall_w(values: ArrayLike) -> float:
    """Kendall's coefficient of concordance W of some rankings, corrected for ties: 0 none, 1 the same order in all.

    W = 12 S / (m² (n³ - n) - m Σ T), S the sum of squared deviations of the n rank sums, T = Σ (t³ - t) over the ties of each
    of the m rankings (Kendall and Babington Smith 1939). NaN where every ranking is one tie.

    Args:
        values: (m, n), a row for each ranking, larger is better; m and n at least 2.

    Example:
        >>> kendall_w([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]), kendall_w([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
        (1.0, 0.0)
    """
    ranks = np.array([rankdata(row) for row in np.asarray(values, dtype=float)])
    rankings, things = ranks.shape
    sums = ranks.sum(axis=0)
    squares = float(((sums - sums.mean()) ** 2).sum())
    ties = sum(float((counts**3 - counts).sum()) for counts in (np.unique(row, return_counts=True)[1] for row in ranks))
    most = rankings**2 * (things**3 - things) - rankings * ties
    return 12 * squares / most if most else float("nan")


def kendall_w_interval(values: ArrayLike, seed: int = 0) -> tuple[float, float]:
    """The central 95 % of W over things drawn with replacement, 500 times: how much it hangs on single ones.

    Example:
        >>> kendall_w_interval([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0]])
        (1.0, 1.0)
    """
    table: NDArray[np.float64] = np.asarray(values, dtype=float)
    random = np.random.default_rng(seed)
    draws = random.integers(table.shape[1], size=(DRAWS, table.shape[1]))
    found = np.array([kendall_w(table[:, drawn]) for drawn in draws])
    low, high = np.quantile(found[np.isfinite(found)], [0.025, 0.975])
    return float(low), float(high)
