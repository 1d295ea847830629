"""Better, worse, equivalent, undecided or too few seeds: what the seeds say of every pair of losses.

Pure functions on log qualities (natural logarithms of Fréchet distances, lower is better), paired by seed.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from reports import statistics
from reports.multiplicity import max_t
from reports.power import FEWEST, constant
from reports.statistics import Array

BETTER, WORSE, EQUIVALENT, UNDECIDED, FEW = "better", "worse", "equivalent", "undecided", "too few seeds"
WORDS = (BETTER, WORSE, EQUIVALENT, UNDECIDED, FEW)
LEVEL = 0.05
MARGIN = 0.10
SPARE = 1.05  # on the constants of `reports.power`: recorded runs are no normal ones, and simulations err


@dataclass(frozen=True)
class Verdict:
    """What the seeds say of one loss against another.

    Attributes:
        first, second: the losses; everything is of the first against the second.
        n: seeds of which both were run.
        ratio: exp of the mean difference of log quality, the geometric mean of the ratios; below 1, the first is better.
            Where no logarithms were given (`logarithmic` False) this and all ends are plain differences, neutral at 0.
        low, high: its interval of at least 95 %; None for fewer than 6 seeds.
        low90, high90: its interval of at least 90 %; None for fewer than 5 seeds.
        p: of the two-sided sign-flip test of this pair alone.
        p_adjusted: of the same for all pairs of the family.
        word: one of `WORDS`.
        smallest: the ratio (the difference) that seeds of this spread show in 80 % of suites, that far or farther from
            neutral, in either direction; None where none could be seen.
        failed: seeds at which (the first, the second) failed.
        survivors: the verdict on the seeds at which neither failed, in the family without failures; None where none did.
        margin: within which two losses count as equivalent, as a share.
    """

    first: str
    second: str
    n: int
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    low90: float | None = None
    high90: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    word: str = FEW
    smallest: float | None = None
    failed: tuple[int, int] = (0, 0)
    survivors: "Verdict | None" = None
    margin: float = MARGIN
    logarithmic: bool = True

    @property
    def within(self) -> bool:
        """Whether the 90 % interval lies within the margin: any difference is smaller than was declared to matter.

        Example:
            >>> Verdict("lsgan", "bce", 12, 0.97, 0.95, 0.99, 0.96, 0.98, 0.001, 0.002, BETTER).within
            True
        """
        if not self.logarithmic or self.low90 is None or self.high90 is None:
            return False
        return 1 / (1 + self.margin) <= self.low90 and self.high90 <= 1 + self.margin

    @property
    def decided(self) -> bool:
        """Whether one of the two is shown to be better."""
        return self.word in (BETTER, WORSE)

    def turned(self) -> "Verdict":
        """The same verdict, of the second against the first.

        Example:
            >>> there = Verdict("lsgan", "bce", 8, 2.0, 1.6, 4.0, 2.0, 4.0, 0.01, 0.02, WORSE)
            >>> back = there.turned()
            >>> back.first, back.word, back.ratio, back.low, back.high, back.turned() == there
            ('bce', 'better', 0.5, 0.25, 0.625, True)
        """
        ends = [self._turned(end) for end in (self.ratio, self.high, self.low, self.high90, self.low90)]
        turned = replace(self, first=self.second, second=self.first, failed=self.failed[::-1])
        turned = replace(turned, word={BETTER: WORSE, WORSE: BETTER}.get(self.word, self.word))
        turned = replace(turned, survivors=self.survivors.turned() if self.survivors else None, ratio=ends[0])
        return replace(turned, low=ends[1], high=ends[2], low90=ends[3], high90=ends[4])

    def _turned(self, value: float | None) -> float | None:
        if value is None:
            return None
        return 1 / value if self.logarithmic else -value


def judge(
    values: Mapping[str, Sequence[float]],
    margin: float = MARGIN,
    worst: float | None = None,
    *,
    present: Mapping[str, Sequence[bool]] | None = None,
    logarithmic: bool = True,
) -> list[Verdict]:
    """The verdict on every pair of losses of one family: one panel, one metric, one moment.

    *Better*, *worse*: the p of the sign-flip test, adjusted by step-down max-T for all pairs (`reports.multiplicity`), is at
    most 0.05. Otherwise *equivalent*, if the interval of 90 % lies within [1 / (1 + margin), 1 + margin]: two one-sided
    tests of 5 % each (Schuirmann 1987), a pair at a time. Otherwise *undecided*: a tie is never inferred from a p that
    is large. Fewer than 6 seeds cannot reach 0.05 at two sides, and are *too few*.

    A run that failed has no quality, and leaving it out would flatter its loss: it is scored by the worse of `worst`
    (say, of a generator that was never trained) and the worst value of the family. So it loses against every run that
    has a value, by no more than could be lost by training nothing; and two that failed at one seed tie there. A single
    failure is no proof (the spread grows with the difference); many are. `Verdict.survivors` is the same without
    those seeds: it answers another question, how good a loss is where it works. Only if both answers say so are two losses
    equivalent of which one failed: that both fail at every seed shows nothing of the kind.

    Args:
        values: log quality by loss, the same seeds in the same order for all; NaN (or an infinity) for one that failed.
        margin: of equivalence, 0.10 for ratios between 1 / 1.1 and 1.1.
        worst: log quality that a failure gets at least; None: the worst value of the family.
        present: by loss, whether the seed was run at all; None: all were. Seeds that were not run take part in no pair.
        logarithmic: whether the values are logarithms; False for plain values, of which differences are judged, with no
            margin and therefore no equivalence.

    Returns:
        One verdict per pair, (first, second) in the order of `values`.

    Raises:
        ValueError: losses of unlike numbers of seeds, or a margin that is not positive.

    Example:
        >>> logs = {"bce": [0.0, 0.1, 0.2, 0.3, 0.2, 0.1, 0.0, 0.1], "lsgan": [0.5, 0.7, 0.6, 0.9, 0.8, 0.6, 0.4, 0.7]}
        >>> verdict = judge(logs)[0]
        >>> verdict.word, verdict.p_adjusted, round(verdict.ratio, 3)
        ('better', 0.0078125, 0.592)
    """
    if not margin > 0:
        raise ValueError(f"a margin above 0 was expected, {margin!r} came.")
    names = list(values)
    if len({len(values[name]) for name in names}) > 1:
        raise ValueError("as many seeds of every loss were expected, in one order.")
    if len(names) < 2:
        return []
    logs = np.array([list(values[name]) for name in names], dtype=float)
    run = np.array([list(present[name]) for name in names], dtype=bool) if present else np.ones(logs.shape, dtype=bool)
    failed = run & ~np.isfinite(logs)
    known = np.where(run & ~failed, logs, np.nan)
    template = Verdict("", "", 0, margin=margin, logarithmic=logarithmic)
    found = _family(names, np.where(failed, _score(known, worst), known), template)
    return _with_survivors(found, _family(names, known, template), failed, run) if failed.any() else found


def _score(known: Array, worst: float | None) -> float:
    """What a failure is worth; 0 where nothing is known: then all that failed tie."""
    candidates = [*known[np.isfinite(known)], *([worst] if worst is not None and math.isfinite(worst) else [])]
    return float(max(candidates, default=0.0))


def _with_survivors(
    found: list[Verdict], without: list[Verdict], failed: NDArray[np.bool_], run: NDArray[np.bool_]
) -> list[Verdict]:
    pairs = combinations(range(len(failed)), 2)
    both = [(failed[[i, j]] & run[i] & run[j]).sum(axis=1) for i, j in pairs]
    counted = [(int(first), int(second)) for first, second in both]
    return [
        _qualified(replace(verdict, failed=counts, survivors=survivors)) if any(counts) else verdict
        for verdict, survivors, counts in zip(found, without, counted, strict=True)
    ]


def _qualified(verdict: Verdict) -> Verdict:
    """Equivalent only if the survivors are, too."""
    alike = verdict.survivors is not None and verdict.survivors.n >= FEWEST and verdict.survivors.within
    return verdict if alike or verdict.word != EQUIVALENT else replace(verdict, word=UNDECIDED)


def _family(names: Sequence[str], logs: Array, template: Verdict) -> list[Verdict]:
    pairs = list(combinations(range(len(names)), 2))
    first, second = np.array(pairs).T
    differences = logs[first] - logs[second]
    paired = np.isfinite(differences)
    alone, adjusted = max_t(differences) if differences.size else (np.ones(len(pairs)),) * 2
    described: list[Verdict] = [template] * len(pairs)
    for mask in np.unique(paired, axis=0):  # pairs of the same seeds at once
        alike = np.flatnonzero((paired == mask).all(axis=1))
        for place, verdict in zip(alike, _described(differences[alike][:, mask], len(names), template), strict=True):
            described[place] = verdict
    return [
        _judged(replace(verdict, first=names[i], second=names[j]), p, q)
        for verdict, (i, j), p, q in zip(described, pairs, alone.tolist(), adjusted.tolist(), strict=True)
    ]


def _described(differences: Array, losses: int, template: Verdict) -> list[Verdict]:
    """Count, ratio, intervals and power of pairs that have the same seeds."""
    rows, count = differences.shape
    if not count:
        return [template] * rows
    unit = math.exp if template.logarithmic else float
    factor = constant(count, losses)
    spreads = differences.std(axis=1, ddof=1) if count > 1 else np.full(rows, np.nan)
    verdicts = []
    for mean, sd, ends in zip(differences.mean(axis=1), spreads, _intervals(differences), strict=True):
        wide, narrow = ((unit(end[0]), unit(end[1])) if end else (None, None) for end in ends)
        smallest = unit(SPARE * factor * float(sd)) if factor is not None else None
        verdicts.append(
            replace(template, n=count, ratio=unit(float(mean)), low=wide[0], high=wide[1], smallest=smallest)
        )
        verdicts[-1] = replace(verdicts[-1], low90=narrow[0], high90=narrow[1])
    return verdicts


def _intervals(differences: Array) -> Sequence[Sequence[tuple[float, float] | None]]:
    """The intervals of 95 and 90 % of each row: by the sign-flip test, by the bootstrap from 30 seeds on."""
    if differences.shape[1] < statistics.MANY:
        return statistics.sign_flip_intervals(differences)
    return statistics.bootstrap_intervals(differences)


def _judged(verdict: Verdict, p: float, adjusted: float) -> Verdict:
    if not verdict.n or verdict.ratio is None:
        return verdict
    neutral = 1.0 if verdict.logarithmic else 0.0
    word = UNDECIDED
    if verdict.n < FEWEST:
        word = FEW
    elif adjusted <= LEVEL:
        word = BETTER if verdict.ratio < neutral else WORSE
    elif verdict.within:
        word = EQUIVALENT
    return replace(verdict, p=p, p_adjusted=adjusted, word=word)
