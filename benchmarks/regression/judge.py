"""The verdict on each quantity: different first, worse second; a regression needs both.

*Different*: a rank test over blocks, one-sided, below `ALPHA` after Holm's correction over everything that is judged in one
check. It is a test of more than half of the threshold, not of more than nothing: two processes of the same code differ by a
little all their lives. Now and then one is dearer by more than that from its first step to its last, and no number of its
blocks tells that from a slower program, so the median of every launch has to have changed by more than half, too.

*Worse*: the Hodges-Lehmann ratio of the new time to the base one is at least 1 + threshold. `faster` is the same in the other
direction, and never fails. Phases below `LEAST_SHARE` of the step are shown, not judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.regression.ranks import Array, holm, paired_shift, rank_sum, signed_rank, unpaired_shift

REGRESSED, FASTER, SAME, NOT_JUDGED, MISSING, NEW = STATUSES = (
    "regressed",
    "faster",
    "same",
    "not judged",
    "missing",
    "new",
)
STEP, PHASE, RATIO = KINDS = ("step", "phase", "ratio")
ALPHA = 0.01
THRESHOLD = 0.03
LEAST_SHARE = 0.1


@dataclass(frozen=True)
class Quantity:
    """What is compared.

    Attributes:
        case: `<task>/<loss>`.
        measure: as tables have it: "step", a phase, "step / bce", …
        kind: one of `KINDS`.
        base: one value per block; empty where the base has none.
        new: the same of what is judged.
        share: of the step's time, of a phase.
        paired: whether base[i] and new[i] are of one block; otherwise the two are independent.
        seconds: whether the values are seconds, otherwise ratios of two times.
        relative_to: of a ratio, the case whose step it is divided by.
        launches: of each new value, the launch of the processes that it is of; empty where that is not known.
    """

    case: str
    measure: str
    kind: str
    base: tuple[float, ...]
    new: tuple[float, ...]
    share: float = 1.0
    paired: bool = True
    seconds: bool = True
    relative_to: str | None = None
    launches: tuple[int, ...] = ()

    @property
    def comparable(self) -> bool:
        """Whether there are times on both sides."""
        return bool(self.base and self.new) and min(*self.base, *self.new) > 0


@dataclass(frozen=True)
class Verdict:
    """What came of a quantity.

    Attributes:
        quantity: what was compared.
        status: one of `STATUSES`.
        ratio: new / base by Hodges and Lehmann; None where one of the two is not there.
        low: lower end of the ratio's 95 % interval.
        high: upper end.
        p: Holm's, of the direction that the ratio points to; None where not judged.
    """

    quantity: Quantity
    status: str
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None

    @property
    def fails(self) -> bool:
        """Whether the check fails for it."""
        return self.status in (REGRESSED, MISSING)


def judge(quantities: Sequence[Quantity], threshold: float = THRESHOLD, alpha: float = ALPHA) -> list[Verdict]:
    """A verdict for each quantity, in order.

    A ratio to another case's step that grew only because that case became faster is not judged.

    Args:
        quantities: all of one check, for Holm's correction is over them.
        threshold: by which the ratio has to be worse, 0.03 for 3 %.
        alpha: chance that a check finds any difference above half of the threshold where there is none.

    Example:
        >>> base = tuple(1.0 + 0.001 * block for block in range(12))
        >>> slower = Quantity("dcgan/bce", "step", "step", base, tuple(1.05 * seconds for seconds in base))
        >>> [(verdict.status, round(verdict.ratio, 2)) for verdict in judge([slower])]
        [('regressed', 1.05)]
    """
    compared = [quantity for quantity in quantities if quantity.comparable]
    measured = dict(zip(map(id, compared), _compare(compared, threshold), strict=True))
    counted = [quantity for quantity in compared if quantity.share >= LEAST_SHARE]
    above = dict(zip(map(id, counted), holm([measured[id(each)][3] for each in counted]), strict=True))
    below = dict(zip(map(id, counted), holm([measured[id(each)][4] for each in counted]), strict=True))
    verdicts = []
    for quantity in quantities:
        if not quantity.comparable:
            verdicts.append(Verdict(quantity, _uncovered(quantity)))
            continue
        ratio, low, high = measured[id(quantity)][:3]
        if id(quantity) not in above:
            verdicts.append(Verdict(quantity, NOT_JUDGED, ratio, low, high))
            continue
        worse, better = above[id(quantity)], below[id(quantity)]
        status = REGRESSED if worse < alpha and ratio >= 1 + threshold else SAME
        status = FASTER if better < alpha and ratio <= 1 / (1 + threshold) else status
        if status != SAME and not _in_every_launch(quantity, status, threshold):
            status = SAME
        verdicts.append(Verdict(quantity, status, ratio, low, high, worse if ratio >= 1 else better))
    return _excused(verdicts)


def _in_every_launch(quantity: Quantity, status: str, threshold: float) -> bool:
    """Whether the median of each launch has changed by more than half of the threshold in the direction of `status`."""
    base, new = np.log(quantity.base), np.log(quantity.new)
    changes = new - (base if quantity.paired else np.median(base))
    launches = np.array(quantity.launches or (0,) * len(changes))
    medians = np.array([np.median(changes[launches == launch]) for launch in np.unique(launches)])
    return bool(np.all((medians if status == REGRESSED else -medians) > np.log1p(threshold / 2)))


def _uncovered(quantity: Quantity) -> str:
    """The status of a quantity that only one side has."""
    if quantity.base and not quantity.new:
        return MISSING if quantity.kind == STEP else NOT_JUDGED
    return NEW if quantity.new and not quantity.base else NOT_JUDGED


def _excused(verdicts: list[Verdict]) -> list[Verdict]:
    steps = {
        status: {each.quantity.case for each in verdicts if each.quantity.kind == STEP and each.status == status}
        for status in (FASTER, REGRESSED)
    }
    return [
        replace(each, status=NOT_JUDGED)
        if each.status == REGRESSED
        and each.quantity.relative_to in steps[FASTER]
        and each.quantity.case not in steps[REGRESSED]
        else each
        for each in verdicts
    ]


def _compare(quantities: Sequence[Quantity], threshold: float) -> list[tuple[float, float, float, float, float]]:
    """Of each: ratio, its interval's ends, p of being slower, p of being faster. Rows of one length are done at once."""
    margin = float(np.log1p(threshold / 2))
    found: dict[int, tuple[float, float, float, float, float]] = {}
    lengths: dict[int, list[int]] = {}
    for index, quantity in enumerate(quantities):
        if quantity.paired:
            lengths.setdefault(len(quantity.new), []).append(index)
        else:
            base, new = np.log(quantity.base), np.log(quantity.new)
            ratio, low, high = map(_exp, unpaired_shift(base, new))
            found[index] = ratio, low, high, *rank_sum(base, new, margin)
    for indices in lengths.values():
        logs = [np.log(quantities[index].new) - np.log(quantities[index].base) for index in indices]
        columns: list[Array] = [*map(np.exp, paired_shift(np.array(logs))), *signed_rank(np.array(logs), margin)]
        for row, index in enumerate(indices):
            ratio, low, high, worse, better = (float(column[row]) for column in columns)
            found[index] = ratio, low, high, worse, better
    return [found[index] for index in range(len(quantities))]


def _exp(value: float) -> float:
    return float(np.exp(value))
