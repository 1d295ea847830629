"""Panels -> pandas frames and paired comparisons with the reference loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.records import STATUSES
from reports import metrics, statistics
from reports.loading import Cell
from reports.panels import Panel
from reports.reading import UNREADABLE

MOMENTS = ("best", "final", "untrained")


@dataclass(frozen=True)
class Comparison:
    """One loss against another, the reference, paired by seed.

    Attributes:
        kind: "ratio" (of positive values, loss / reference) or "difference" (loss - reference).
        pairs: seeds of which both losses were scored.
        middle: median over the pairs; None without pairs.
        low, high: the interval of at least 95 %; None for fewer than 6 pairs.
        p: two-sided sign-flip p; None without pairs.
    """

    loss: str
    reference: str
    metric: str
    moment: str
    kind: str
    pairs: int
    middle: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def direction(self) -> str:
        """What the interval shows, in careful words.

        Example:
            >>> Comparison("lsgan", "bce", "fid", "best", "ratio", 8, 0.8, 0.7, 0.9, 0.01).direction
            'lower (better)'
        """
        if self.low is None or self.high is None:
            return "too few seeds" if self.pairs else "no pairs"
        neutral = 1 if self.kind == "ratio" else 0
        if self.high < neutral:
            return "lower (better)"
        return "higher (worse)" if self.low > neutral else "no difference shown"


def primaries(panel: Panel) -> list[str]:
    """The distances that stand for quality, one per domain: its first Fréchet distance, or its first distance."""
    by_domain: dict[str, list[str]] = {}
    for name in panel.distances():
        by_domain.setdefault(metrics.split(name)[1], []).append(name)
    return [next(filter(metrics.is_frechet, names), names[0]) for names in by_domain.values()]


def compared(panel: Panel) -> list[str]:
    """What losses are compared by: the distances, and the true error where it is known."""
    return panel.distances() + [name for name in panel.translation() if metrics.has_ratios(name)]


def values(panel: Panel, loss: str, metric: str, moment: str) -> dict[int, float]:
    """Values by seed of the loss's scored cells (`records.SCORED`); seeds without the value are left out."""
    pairs = ((cell.seed, cell.metrics(moment).get(metric)) for cell in panel.scored(loss))
    return {seed: float(value) for seed, value in pairs if value is not None}


def middle(panel: Panel, loss: str, metric: str, moment: str) -> float | None:
    """The median over the seeds, or None."""
    found = values(panel, loss, metric, moment)
    return median(found.values()) if found else None


def gap(panel: Panel, loss: str, metric: str) -> float | None:
    """How much worse the last state is than the best one: the median over the seeds of their ratio; None without."""
    best, final = (values(panel, loss, metric, moment) for moment in ("best", "final"))
    found = [final[seed] / best[seed] for seed in best if seed in final and best[seed] > 0]
    return median(found) if found else None


def ceiling(panel: Panel, metric: str) -> float | None:
    """The untrained generator's median over all cells of the panel, or None."""
    found = [cell.metrics("untrained").get(metric) for cell in panel.cells]
    numbers = [value for value in found if value is not None]
    return median(numbers) if numbers else None


@lru_cache(maxsize=4096)  # the table's file and its sections ask for the same ones
def compare(panel: Panel, loss: str, metric: str, moment: str = "best", reference: str | None = None) -> Comparison:
    """The loss against another: log-ratios where ratios mean something, differences for everything else.

    Args:
        panel: that holds both.
        loss: the one.
        metric: what is compared.
        moment: one of `Panel.moments`.
        reference: the other; None is the panel's reference.
    """
    reference = panel.reference if reference is None else reference
    ours, theirs = (values(panel, name, metric, moment) for name in (loss, reference))
    seeds = sorted(set(ours) & set(theirs))
    first, second = (np.array([part[seed] for seed in seeds], dtype=float) for part in (ours, theirs))
    ratio = metrics.has_ratios(metric)
    effects = statistics.log_ratios(first, second) if ratio else first - second
    effects = effects[np.isfinite(effects)]
    names = (loss, reference, metric, moment, "ratio" if ratio else "difference", len(effects))
    if not len(effects):
        return Comparison(*names)
    ends = statistics.sign_flip_interval(effects)
    scale = np.exp if ratio else np.asarray
    low, high = (float(scale(end)) for end in ends) if ends else (None, None)
    # The median of the ratios themselves: exp of the median of logs would differ for an even number of pairs.
    shown = float(np.median(np.exp(effects) if ratio else effects))
    return Comparison(*names, shown, low, high, statistics.sign_flip_p(effects))


def counts(panel: Panel, loss: str) -> dict[str, int]:
    """Number of the loss's cells by status, `UNREADABLE` last."""
    statuses = [cell.status for cell in panel.of(loss)]
    return {name: statuses.count(name) for name in (*STATUSES, UNREADABLE)}


def failures(panel: Panel, loss: str) -> tuple[int, int]:
    """(cells that went wrong in whatever way, cells that ran): skipped and unreadable ones are neither."""
    found = counts(panel, loss)
    ran = sum(found[status] for status in STATUSES if status != "skipped")
    return ran - found["done"], ran


def worst_share(cell: Cell, moment: str = "best") -> float | None:
    """The smallest share of fakes that any class gets, None where classes are not known."""
    found = cell.metrics(moment).items()
    shares = [value for name, value in found if name.startswith("share[") and value is not None]
    return min(shares) if shares else None


def series(cells: Sequence[Cell], *path: str) -> pd.DataFrame:
    """A statistic of the curves: one row per step, one column per seed (an index where seeds repeat).

    Args:
        cells: whose curves are read.
        path: keys into a log point, as in ("saturation", "image", "signal").
    """
    columns = {cell.seed: cell.curves.points(*path) for cell in cells}
    return table({seed: column for seed, column in columns.items() if len(column[0])})


def table(columns: Mapping[int, tuple[NDArray[Any], NDArray[np.float64]]]) -> pd.DataFrame:
    """One row per place at which any column has a value, rising, NaN where another has none.

    Args:
        columns: name -> (places, no two alike, and the values there).

    Example:
        >>> table({7: (np.array([2, 1]), np.array([0.2, 0.1])), 8: (np.array([3]), np.array([0.3]))}).fillna(-1.0).to_numpy().tolist()
        [[0.1, -1.0], [0.2, -1.0], [-1.0, 0.3]]
    """
    if not columns:
        return pd.DataFrame()
    index = np.unique(np.concatenate([places for places, _ in columns.values()]))
    values = np.full((len(index), len(columns)), np.nan)
    for number, (places, column) in enumerate(columns.values()):
        values[np.searchsorted(index, places), number] = column
    return pd.DataFrame(values, index=index, columns=list(columns))
