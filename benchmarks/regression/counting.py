"""What checks of known truth came to, counted: the failed ones, and those that named the right phase."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from benchmarks.regression import outputs
from benchmarks.regression.judge import PHASE, RATIO, REGRESSED, Verdict


class Outcome(NamedTuple):
    """What came of one check.

    Attributes:
        failed: whether it did.
        placed: whether in most cases that name a phase it is the delayed one.
        cases: share of its cases whose own step or phase regressed: as if each were all that became slower.
    """

    failed: bool
    placed: bool
    cases: float


@dataclass(frozen=True)
class Count:
    """Checks of one kind.

    Attributes:
        how: "resampled" or "live".
        kind: what the new side was.
        checks: made.
        found: that failed.
        placed: that failed and named the right phase; of the same code always 0.
        cases: mean share of the cases that regressed by themselves.
    """

    how: str
    kind: str
    checks: int
    found: int
    placed: int
    cases: float

    @classmethod
    def of(cls, how: str, kind: str, outcomes: Iterable[Outcome]) -> "Count":
        """The count of such outcomes."""
        known = list(outcomes)
        failed, placed, cases = (sum(each) for each in zip(*known, strict=True))
        return cls(how, kind, len(known), int(failed), int(placed), cases / len(known))

    @property
    def interval(self) -> tuple[float, float]:
        """Of the share that was found, 95 %, by Clopper and Pearson."""
        return clopper_pearson(self.found, self.checks)


def clopper_pearson(found: int, checks: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact binomial interval.

    Example:
        >>> [round(end, 4) for end in clopper_pearson(0, 100)]
        [0.0, 0.0362]
    """
    interval = stats.binomtest(found, checks).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)


def dearest_phases(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Case -> the phase that grew by the most seconds among those that regressed."""
    found: dict[str, tuple[float, str]] = {}
    for verdict in verdicts:
        quantity = verdict.quantity
        if quantity.kind == PHASE and verdict.status == REGRESSED:
            grown = float(np.median(quantity.base)) * ((verdict.ratio or 1.0) - 1)
            found[quantity.case] = max(found.get(quantity.case, (0.0, "")), (grown, quantity.measure))
    return {case: phase for case, (_, phase) in found.items()}


def outcome(verdicts: Sequence[Verdict], phase: str | None) -> Outcome:
    """What came of a check in which that phase was delayed in every case, or none was."""
    failed = any(verdict.fails for verdict in verdicts)
    named = [*dearest_phases(verdicts).values()]
    placed = failed and 2 * sum(name == phase for name in named) > len(named)
    cases = {verdict.quantity.case for verdict in verdicts}
    own = {each.quantity.case for each in verdicts if each.fails and each.quantity.kind != RATIO}
    return Outcome(failed, placed, len(own) / max(1, len(cases)))


def lines_of(counts: Sequence[Count]) -> list[str]:
    """The table."""
    rows = []
    for each in counts:
        low, high = (f"{100 * end:.1f}" for end in each.interval)
        counts_of = (str(number) for number in (each.checks, each.found, each.placed))
        rows.append((each.how, each.kind, *counts_of, f"{low} … {high} %", f"{100 * each.cases:.1f} %"))
    return outputs.table(
        rows, ("checks", "new side", "made", "failed", "phase named", "failed, 95 % interval", "of the cases")
    )
