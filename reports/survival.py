"""How long until a target is reached, where some runs never reach it: pure functions on times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from reports.statistics import Array


@dataclass(frozen=True, eq=False)
class Waiting:
    """The Kaplan-Meier estimate of the share of runs that have not reached the target yet (1958).

    Attributes:
        times: at which any run reached it, rising.
        share: that is still waiting after each.
        at_risk: runs that were neither through nor given up just before each.
        events: runs that reached it at each.
        runs: all of them.
    """

    times: Array
    share: Array
    at_risk: Array
    events: Array
    runs: int

    @property
    def median(self) -> float | None:
        """The first time at which half of the runs are through; None where that never comes."""
        through = np.flatnonzero(self.share <= 0.5 + 1e-12)
        return float(self.times[through[0]]) if len(through) else None

    def restricted_mean(self, limit: float) -> tuple[float, float | None, float | None]:
        """The mean of min(time, limit), the area under the curve, and its interval of 95 %.

        The variance is Greenwood's, Σ A² d / (n (n - d)) with A the area right of each time, times N / (N - 1), and the
        interval Student's with N - 1 degrees of freedom: without censoring before the limit it is that of the mean
        of N numbers. Cut to 0 … limit.

        Args:
            limit: no later than the last time up to which all runs were watched.

        Returns:
            (mean, low, high); no ends for one run, nor where all runs wait alike, of which the spread is not known.
        """
        kept = self.times < limit
        edges = np.concatenate([[0.0], self.times[kept], [limit]])
        heights = np.concatenate([[1.0], self.share[kept]])
        areas = np.diff(edges) * heights
        mean, after = float(areas.sum()), areas[::-1].cumsum()[::-1][1:]
        n, d = self.at_risk[kept], self.events[kept]
        variance = float(np.sum(np.divide(after**2 * d, n * (n - d), out=np.zeros(len(n)), where=n > d)))
        if self.runs < 2 or variance <= 0:
            return mean, None, None
        reach = float(student.ppf(0.975, self.runs - 1)) * float(np.sqrt(variance * self.runs / (self.runs - 1)))
        return mean, max(0.0, mean - reach), min(limit, mean + reach)


def kaplan_meier(times: ArrayLike, reached: ArrayLike) -> Waiting:
    """The share still waiting, from times that are right-censored where the target was not reached.

    A run that was given up at the very time at which another is through was still waiting then.

    Args:
        times: (n,) when the target was reached, or until when it was not.
        reached: (n,) which of the two.

    Raises:
        ValueError: no times, or not as many as there are words on them.

    Example:
        >>> waiting = kaplan_meier([100, 200, 300, 500], [True, True, True, False])
        >>> waiting.share.tolist(), waiting.median, waiting.restricted_mean(500)[0]
        ([0.75, 0.5, 0.25], 200.0, 275.0)
    """
    at, through = np.asarray(times, dtype=float), np.asarray(reached, dtype=bool)
    if not at.size or at.shape != through.shape:
        raise ValueError(
            f"times, one or more, and as many words on them were expected, {times!r} and {reached!r} came."
        )
    moments = np.unique(at[through])
    events = (at[through][None] == moments[:, None]).sum(axis=1).astype(float)
    at_risk = (at[None] >= moments[:, None]).sum(axis=1).astype(float)
    return Waiting(moments, np.cumprod(1 - events / at_risk), at_risk, events, len(at))
