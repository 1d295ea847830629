"""The check examined: how often it cries wolf on equal code, and how often it finds a delay of known size and place.

Resampled: one long recording of this tree beside itself and beside itself with delays of 5 and 10 % of a step in the
generator's or the discriminator's phase; each check draws launches of it with replacement, and blocks within each. Live:
whole recordings of fresh processes. A delay is *found* if the check fails, *placed* if the dearest phase is the delayed one.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import zip_longest
from typing import Any

import numpy as np

from benchmarks import interleaved
from benchmarks.interleaved import Recording, Side
from benchmarks.records import write_bytes
from benchmarks.regression.cases import guarded_cases
from benchmarks.regression.checks import alone, enough_blocks, tell, told
from benchmarks.regression.counting import Count, Outcome, lines_of, outcome
from benchmarks.regression.judge import Quantity, judge
from benchmarks.regression.measures import paired_quantities, table_of, with_launches
from benchmarks.regression.options import BLOCKS, LAUNCHES

Json = dict[str, Any]
BASE, SAME_CODE = "base", "same code"
DELAYED_PHASES = ("generator", "discriminator")
DELAYS = {"+5 %": 0.05, "+10 %": 0.10}


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        tasks: whose guarded cases are taken; all where empty.
        long_blocks: of each launch of the long recording.
        blocks: of each launch of a check.
        launches: of a check.
        long_launches: of the long recording.
        checks: resampled, of each kind.
        live: of each kind, in order: the same code, then each of `DELAYS`.
    """

    tasks: tuple[str, ...]
    long_blocks: int
    blocks: int
    launches: int
    long_launches: int
    checks: int
    live: tuple[int, ...]


WHOLE = Size((), 12, BLOCKS, LAUNCHES, 6, 1000, (8, 6, 6))
QUICK = Size(("dcgan",), 6, 6, 2, 2, 100, (1, 0, 1))


def side_name(delay: str, phase: str) -> str:
    """The side with such a delay in that phase."""
    return f"{delay} {phase}"


def draw(launches: Sequence[int], count: int, blocks: int, random: np.random.Generator) -> list[int]:
    """Indices of the blocks of one check.

    Args:
        launches: of each recorded block, the launch that it is of.
        count: launches of a check; drawn with replacement.
        blocks: of each of its launches; drawn with replacement.
        random: its numbers.
    """
    members = {launch: [i for i, each in enumerate(launches) if each == launch] for launch in dict.fromkeys(launches)}
    chosen = random.choice(list(members), size=count)
    return [int(index) for launch in chosen for index in random.choice(members[int(launch)], size=blocks)]


def drawn(quantities: Sequence[Quantity], indices: Sequence[int]) -> list[Quantity]:
    """The quantities of a check that had these blocks."""
    return [
        replace(
            each,
            base=_taken(each.base, indices),
            new=_taken(each.new, indices),
            launches=_taken(each.launches, indices),
        )
        if each.comparable
        else each
        for each in quantities
    ]


def _taken(values: Sequence[Any], indices: Sequence[int]) -> tuple[Any, ...]:
    return tuple(values[index] for index in indices) if values else ()


def resampled(recording: Recording, size: Size, seed: int) -> list[Count]:
    """Counts of checks that are drawn from one recording.

    Args:
        recording: with the sides of `long_sides`.
        size: how many, and of how many blocks each.
        seed: of the drawing.
    """
    table, random = table_of(recording), np.random.default_rng(seed)
    launches = [block.launch for block in recording.blocks if block.case == recording.cases[0]]

    def count(kind: str, pairs: Sequence[tuple[str, str, str | None]]) -> Count:
        made = [(with_launches(paired_quantities(table, base, new), recording), phase) for base, new, phase in pairs]
        outcomes: list[Outcome] = []
        for index in range(size.checks):
            quantities, phase = made[index % len(made)]
            indices = draw(launches, size.launches, size.blocks, random)
            outcomes.append(outcome(judge(drawn(quantities, indices)), phase))
        return Count.of("resampled", kind, outcomes)

    # Either of two equal sides may be the dearer one by chance, so both ways round are tried.
    same = count(SAME_CODE, [(BASE, SAME_CODE, None), (SAME_CODE, BASE, None)])
    delayed = [count(each, [(BASE, side_name(each, phase), phase) for phase in DELAYED_PHASES]) for each in DELAYS]
    return [same, *delayed]


def long_sides(cases: tuple[Json, ...]) -> list[Side]:
    """This tree, again this tree, and this tree with each delay in each phase."""
    delayed = [
        Side(side_name(delay, phase), cases, delay={phase: share})
        for delay, share in DELAYS.items()
        for phase in DELAYED_PHASES
    ]
    return [Side(BASE, cases), Side(SAME_CODE, cases), *delayed]


def live_plan(live: Sequence[int]) -> list[tuple[str, str]]:
    """(kind, phase) of each live check, the kinds in turn, so that a drift of the machine hits all alike.

    Example:
        >>> live_plan((2, 1, 0))
        [('same code', 'generator'), ('+5 %', 'generator'), ('same code', 'discriminator')]
    """
    kinds = (SAME_CODE, *DELAYS)
    rows = zip_longest(*([kind] * number for kind, number in zip(kinds, live, strict=True)))
    return [(kind, DELAYED_PHASES[turn % len(DELAYED_PHASES)]) for turn, row in enumerate(rows) for kind in row if kind]


def live_checks(
    cases: tuple[Json, ...], size: Size, measure: Callable[[Sequence[Side]], Recording]
) -> Iterator[tuple[str, Outcome]]:
    """(kind, outcome) of each check as it is made."""
    for kind, phase in live_plan(size.live):
        delay: Mapping[str, float] = {phase: DELAYS[kind]} if kind in DELAYS else {}
        recording = measure([Side("base", cases), Side("new", cases, delay=delay)])
        verdicts = judge(with_launches(paired_quantities(table_of(recording), "base", "new"), recording))
        yield kind, outcome(verdicts, phase if delay else None)


def selftest(options: argparse.Namespace) -> int:
    """Run both parts and print the table.

    Raises:
        UsageError: too few blocks.
    """
    size = QUICK if options.quick else WHOLE
    cases = tuple(case.as_json() for case in guarded_cases(size.tasks))
    enough_blocks(len(cases), size.blocks * size.launches)

    def measure(sides: Sequence[Side], blocks: int = size.blocks, launches: int = size.launches) -> Recording:
        return interleaved.record(sides, blocks, launches=launches, threads=options.threads, told=told)

    with alone():
        tell(f"one recording of {size.long_launches} launches")
        counts = resampled(measure(long_sides(cases), size.long_blocks, size.long_launches), size, options.seed)
        outcomes = []
        for kind, each in live_checks(cases, size, measure):
            outcomes.append((kind, each))
            verdict = "failed" if each.failed else "passed"
            tell(f"live check {len(outcomes)} of {sum(size.live)}, {kind}: {verdict}")
    for kind in dict.fromkeys(kind for kind, _ in outcomes):
        counts.append(Count.of("live", kind, [each for own, each in outcomes if own == kind]))
    print("\n".join(lines_of(counts)))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(options.out, json.dumps([{**asdict(each), "interval": each.interval} for each in counts]).encode())
    return 0
