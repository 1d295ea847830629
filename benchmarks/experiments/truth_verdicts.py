"""What ladders of known quality say of the metrics: does each see the grades, and are the exact ones exact?"""

import math
from collections.abc import Callable, Mapping
from statistics import median, stdev

import numpy as np
from scipy.stats import spearmanr

from benchmarks.experiments.base import Check, Json
from gan_losses.data.truth import MODES
from gan_losses.metrics.modes import seen_by_chance

Found = Mapping[str, list[Json]]  # ladder -> by seed: metric -> values, one per grade
Grades = Mapping[str, tuple[float, ...]]
Truth = Callable[[float], float]
# What a worse set of images does to a metric, by the name before the bracket.
WORSE = {
    "fid": 1,
    "kid": 1,
    "precision": -1,
    "recall": -1,
    "density": -1,
    "coverage": -1,
    "copy_rate": 1,
    "truth_precision": -1,
    "truth_residual": 1,
    "truth_modes": -1,
    "truth_coverage": -1,
    "truth_kl": 1,
}
CLEAR, FAR = 0.9, 4.0  # a rank correlation, and spreads between seeds, from which on a metric sees a ladder


def table(found: Found, grades: Grades) -> list[Json]:
    """A row for each metric and ladder: how its values go with the grades."""
    metrics = list(found["none"][0])
    return [_row(metric, ladder, found) for metric in metrics for ladder in grades]


def _row(metric: str, ladder: str, found: Found) -> Json:
    sign = WORSE[metric.partition("[")[0]]
    floors = [seed[metric][0] for seed in found["none"]]
    climbs = [[floor, *seed[metric]] for floor, seed in zip(floors, found[ladder], strict=False)]
    ranks = [rank_correlation([sign * value for value in climb]) for climb in climbs]
    steps = [np.diff(sign * np.array(climb)) for climb in climbs]
    far = sign * (median(climb[-1] for climb in climbs) - median(floors)) / strays(floors)
    return {
        "metric": metric,
        "ladder": ladder,
        "floor": median(floors),
        "top": median(climb[-1] for climb in climbs),
        "rank correlation": median(ranks),
        "lowest": min(ranks),
        "highest": max(ranks),
        "monotone seeds": sum(bool((step >= 0).all()) for step in steps),
        "seeds": len(ranks),
        "spreads away": far,
        "sees": verdict(median(ranks), far),
        "values": " | ".join(" ".join(f"{value:.4g}" for value in climb) for climb in climbs),
    }


def verdict(rank: float, far: float) -> str:
    """In a word, from the rank correlation with the grade and the distance from the floor in spreads between seeds.

    Example:
        >>> verdict(1.0, 20.0), verdict(-1.0, -20.0), verdict(0.5, 20.0), verdict(1.0, 1.0)
        ('yes', 'wrong way', 'not in order', 'no')
    """
    if not math.isfinite(far):
        return "undefined"
    if abs(far) < FAR:
        return "no"
    if abs(rank) < CLEAR or rank * far < 0:
        return "not in order"
    return "yes" if far > 0 else "wrong way"


def rank_correlation(climb: list[float]) -> float:
    """Spearman's, of values with their places; 0 where all are equal, those that are undefined left out.

    Example:
        >>> rank_correlation([1.0, 2.0, 5.0]), rank_correlation([1.0, 1.0, 1.0]), rank_correlation([3.0, 2.0, math.nan])
        (1.0, 0.0, -1.0)
    """
    known = [(place, value) for place, value in enumerate(climb) if math.isfinite(value)]
    if len({value for _, value in known}) < 2:
        return 0.0
    return round(float(spearmanr(*zip(*known, strict=True)).statistic), 9)


def strays(floors: list[float]) -> float:
    """How far a metric goes by itself: its standard deviation between seeds, or 0.3 % of it if that is more.

    Example:
        >>> strays([1.0, 3.0]) ** 2, round(strays([1.0, 1.0]), 3)
        (2.0000000000000004, 0.003)
    """
    return max(stdev(floors), 0.003 * abs(median(floors)), 1e-9)


def checks(found: Found, grades: Grades, count: int) -> list[Check]:
    """The exact metrics on images of which the answer is known, and what the literature says of the others."""
    floor = {metric: [seed[metric][0] for seed in found["none"]] for metric in found["none"][0]}
    noise = [seed["truth_precision"][0] for seed in found["random pixels"]]
    exact = [
        Check("unseen pictures: lowest precision", "1, derived", min(floor["truth_precision"]), low=0.99),
        Check("unseen pictures: lowest coverage", "1, derived", min(floor["truth_coverage"]), low=0.94),
        Check("unseen pictures: highest coverage", "1, derived", max(floor["truth_coverage"]), high=1.06),
        Check("unseen pictures: highest copy rate", "0.01, by its definition", max(floor["copy_rate"]), high=0.03),
        Check("random pixels: highest precision", "0, derived", max(noise), high=0.0),
        Check(
            "copies: largest error of the copy rate",
            "share + 0.01 (1 - share), derived",
            _largest(found, "copies", "copy_rate", lambda share: share + 0.01 * (1 - share), grades),
            high=0.03,
        ),
        Check(
            "modes dropped: largest error of the coverage",
            "of K (1 - share) modes, derived",
            _largest(found, "modes dropped", "truth_coverage", lambda share: _coverage(share, count), grades),
            high=0.06,
        ),
    ]
    return exact + [_order(found, ladder, metric) for ladder, metric in ORDERED] + [_blind(found)]


ORDERED = (
    ("colours dropped", "truth_modes"),
    ("modes dropped", "truth_modes"),
    ("proportions", "truth_kl"),
    ("blur", "truth_residual"),
    ("noise", "truth_residual"),
    ("noise", "fid[truth]"),
    ("blur", "fid[truth]"),
    ("copies", "copy_rate"),
)
EXACT = ("truth_modes", "truth_kl", "truth_residual", "copy_rate")


def _order(found: Found, ladder: str, metric: str) -> Check:
    row = _row(metric, ladder, found)
    note = "small grades drown in what sampling does"
    what = f"{ladder}: rank correlation of {metric} (median)"
    return Check(what, "1, derived", row["rank correlation"], low=CLEAR, required=metric in EXACT, note=note)


def _blind(found: Found) -> Check:
    row = _row("fid[truth]", "copies", found)
    note = "in spreads between seeds: copies are real images to it"
    return Check(
        "copies: change of fid[truth]", "0, derived", row["spreads away"], -FAR, FAR, required=False, note=note
    )


def _largest(found: Found, ladder: str, metric: str, truth: Truth, grades: Grades) -> float:
    errors = [
        abs(value - truth(grade))
        for seed in found[ladder]
        for grade, value in zip(grades[ladder], seed[metric], strict=True)
    ]
    return float(max(errors))


def _coverage(share: float, count: int) -> float:
    left = MODES - round(share * MODES)
    return seen_by_chance(count, left) / seen_by_chance(count, MODES)
