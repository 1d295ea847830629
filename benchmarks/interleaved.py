"""Steps of several sides measured in turns, each side in a process of its own, so that a drift of the machine hits all alike."""

import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.contention import ATTEMPTS, LIMIT
from benchmarks.environment import device_facts
from benchmarks.recording import Block, Recording
from benchmarks.records import typical_step
from benchmarks.workers import Worker
from gan_losses.errors import UsageError

__all__ = ["Block", "Recording", "Side", "record"]

Json = dict[str, Any]
TREE = Path(__file__).parent.parent
FIRST = 5  # steps of the first measurement, at least


@dataclass(frozen=True)
class Side:
    """One of what is compared.

    Attributes:
        name: as tables have it.
        cases: of `StepCase.as_json`, the same names in the same order on every side. One may carry "step": "ours" (as
            without it) or "textbook", which is timed as a whole.
        tree: the checkout whose `gan_losses` is imported.
        environment: variables of its process, beside this one's.
        delay: phase -> time that is added to it, as a share of the step on the first side.
    """

    name: str
    cases: tuple[Json, ...]
    tree: Path = TREE
    environment: Mapping[str, str] = field(default_factory=dict)
    delay: Mapping[str, float] = field(default_factory=dict)


def record(
    sides: Sequence[Side],
    blocks: int,
    launches: int = 2,
    seconds_per_turn: float = 0.1,
    threads: int = 1,
    told: Callable[[int, int], None] = lambda done, total: None,
    opened: Callable[[str, Path, Mapping[str, str]], Worker] = Worker,
) -> Recording:
    """Measure all sides at all cases in turns. The caller holds `benchmarks.lock.machine_lock(alone=True)`.

    A block is one turn of each side at one case, and the order of the sides is reversed in every other block. A block in
    which others took more than `LIMIT` of any turn is thrown away and measured again later, until `ATTEMPTS` times as
    many were measured as were asked for; what is then still missing is filled with the least disturbed of the attempts.

    Args:
        sides: one or more; the first one sets the steps of a turn and the length of delays.
        blocks: of each case in each launch.
        launches: how often all processes are started anew: one process's layout in memory can cost or gain a few per cent
            all its life.
        seconds_per_turn: about so long a turn takes; at least one step, and whole periods of a lazy penalty.
        threads: of each process.
        told: (blocks accepted so far, blocks in all).
        opened: starts the process of a side from its name, tree and environment.

    Raises:
        UsageError: sides that cannot be compared, or a process that could not do what it was asked, with its last words.
    """
    _check(sides, blocks, launches, threads)
    measurement = _Measurement(sides, blocks, launches, seconds_per_turn, threads, told)
    for launch in range(launches):
        with ExitStack() as running:
            workers = [running.enter_context(opened(side.name, side.tree, side.environment)) for side in sides]
            measurement.launch(workers, launch)
    return measurement.recording()


def _check(sides: Sequence[Side], blocks: int, launches: int, threads: int) -> None:
    for what, number in (("sides", len(sides)), ("blocks", blocks), ("launches", launches), ("threads", threads)):
        if number < 1:
            raise UsageError(f"steps are measured with 1 or more {what}, got {number}.")
    names = [side.name for side in sides]
    cases = [tuple(case["name"] for case in side.cases) for side in sides]
    if len(set(names)) < len(names):
        raise UsageError(f"sides have to differ in their names, got {', '.join(names)}.")
    if len(set(cases)) > 1 or not cases[0] or len(set(cases[0])) < len(cases[0]):
        shown = "; ".join(f"{name}: {', '.join(own) or 'none'}" for name, own in zip(names, cases, strict=True))
        raise UsageError(f"every side needs the same cases, each of them once, got {shown}.")


@dataclass
class _Measurement:
    sides: Sequence[Side]
    blocks: int
    launches: int
    seconds_per_turn: float
    threads: int
    told: Callable[[int, int], None]
    accepted: list[tuple[float | None, Block]] = field(default_factory=list)
    rejected: int = 0
    facts: dict[str, Json] = field(default_factory=dict)
    typical: list[float] = field(default_factory=list)  # seconds of each case's step on the first side
    periods: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)  # of each case's turns

    @property
    def cases(self) -> list[str]:
        return [case["name"] for case in self.sides[0].cases]

    def launch(self, workers: Sequence[Worker], number: int) -> None:
        """All blocks of freshly started processes, one for each side."""
        for worker, side in zip(workers, self.sides, strict=True):
            worker.start(side.cases, self.threads)
        said = [worker.answer() for worker in workers]
        if number == 0:
            self.periods = [math.lcm(*periods) for periods in zip(*(facts["periods"] for facts in said), strict=True)]
            for case in range(len(self.cases)):
                self._measure_first(workers[0], case)
        for worker, side in zip(workers, self.sides, strict=True):
            for phase, share in side.delay.items():
                for case, seconds in enumerate(self.typical):
                    worker.ask("delay", case=case, phase=phase, seconds=share * seconds)
        self._take_blocks(workers, number)
        for worker, side, facts in zip(workers, self.sides, said, strict=True):
            self._note(side.name, facts, worker.ask("end"))

    def recording(self) -> Recording:
        shares = [share for share, _ in self.accepted if share is not None]
        return Recording(
            tuple(side.name for side in self.sides),
            tuple(self.cases),
            tuple(block for _, block in self.accepted),
            self.rejected,
            self.facts,
            median(shares) if shares else math.nan,
            dict(zip(self.cases, self.periods, strict=True)),
        )

    def _measure_first(self, worker: Worker, case: int) -> None:
        """A few steps say how many make a turn, and a turn of them what a step takes."""
        period = self.periods[case]
        few = steps = period * math.ceil(FIRST / period)
        for _ in range(2):
            seconds = self._typical(worker, case, max(few, steps))
            steps = period * max(1, round(self.seconds_per_turn / seconds / period))
        self.typical.append(seconds)
        self.steps.append(steps)

    def _typical(self, worker: Worker, case: int, steps: int) -> float:
        for _ in range(ATTEMPTS):
            answer = worker.ask("turn", case=case, steps=steps)
            if not _disturbed(answer["contention"]):
                break
        return typical_step(answer["samples"]["step"], self.periods[case])

    def _take_blocks(self, workers: Sequence[Worker], launch: int) -> None:
        waiting = deque((index, case) for index in range(self.blocks) for case in range(len(self.cases)))
        least: dict[tuple[int, int], tuple[float, Block]] = {}
        for _ in range(ATTEMPTS * len(waiting)):
            if not waiting:
                break
            index, case = waiting.popleft()
            share, block = self._attempt(workers, index, case, launch)
            if share is None or not _disturbed(share):
                self._accept(share, block)
                continue
            self.rejected += 1
            waiting.append((index, case))
            least[index, case] = min(
                least.get((index, case), (share, block)), (share, block), key=lambda tried: tried[0]
            )
        for place in waiting:
            self.rejected -= 1
            self._accept(*least[place])

    def _attempt(self, workers: Sequence[Worker], index: int, case: int, launch: int) -> tuple[float | None, Block]:
        answers = {}
        for place in range(len(workers))[:: -1 if index % 2 else 1]:
            answers[self.sides[place].name] = workers[place].ask("turn", case=case, steps=self.steps[case])
        samples = {side.name: answers[side.name]["samples"] for side in self.sides}
        shares = [answer["contention"] for answer in answers.values() if answer["contention"] is not None]
        return max(shares, default=None), Block(self.cases[case], launch, samples)

    def _accept(self, share: float | None, block: Block) -> None:
        self.accepted.append((share, block))
        self.told(len(self.accepted), self.launches * self.blocks * len(self.cases))

    def _note(self, side: str, facts: Json, peaks: Json) -> None:
        device = device_facts(torch.device(facts["kind"]), facts["threads"])
        known = self.facts.setdefault(side, {})
        for name, peak in peaks.items():
            former = known.get(name)
            known[name] = peak if former is None or peak is None else max(former, peak)
        known |= {"device": device, **{name: facts[name] for name in ("threads", "torch", "allocator")}}


def _disturbed(share: float | None) -> bool:
    return share is not None and share > LIMIT
