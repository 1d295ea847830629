"""What an executor adds to the trainings that it runs: the same cells through each of them, in turns."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks import preparation, records
from benchmarks.console import Console
from benchmarks.events import LAST, Work
from benchmarks.executors.base import Executor
from benchmarks.executors.registry import EXECUTORS
from benchmarks.grounds import load_grounds
from benchmarks.options import Options, read_options
from benchmarks.plan import Cell
from gan_losses.data import default_root
from gan_losses.errors import UsageError
from gan_losses.metrics import Place


@dataclass(frozen=True)
class Pass:
    """One pass of cells through an executor.

    Attributes:
        executor: its name.
        workers: at a time.
        cells: how many.
        up: seconds until the executor could take cells: of a cluster, its start.
        first: seconds from then to the end of the first cell, which no process was warm for.
        wall: seconds from then to the end of the last.
        inside: seconds of each cell by its own record.
        ends: seconds from `up` to the end of each, in order.
    """

    executor: str
    workers: int
    cells: int
    up: float
    first: float
    wall: float
    inside: tuple[float, ...]
    ends: tuple[float, ...]

    @property
    def overhead(self) -> float:
        """Seconds that a worker spends on a cell beside the cell itself, warming up included.

        Example:
            >>> Pass("local", 2, 4, 0.0, 3.0, 6.0, (2.5, 2.5, 2.5, 2.5), (3.0, 3.0, 6.0, 6.0)).overhead
            0.5
        """
        return (self.workers * self.wall - sum(self.inside)) / self.cells

    @property
    def steady(self) -> float:
        """The same once everything is warm: the median of what lies between two ends but the cell itself; of one worker."""
        gaps = [after - before for before, after in zip(self.ends, self.ends[1:], strict=False)]
        return median(gap - own for gap, own in zip(gaps, self.inside[1:], strict=True))

    @property
    def cycle(self) -> float:
        """Seconds from one end of a cell to the next once all workers are warm: what a long suite pays for a cell.

        Example:
            >>> Pass("local", 2, 4, 0.0, 3.0, 6.0, (2.5, 2.5, 2.5, 2.5), (3.0, 3.0, 6.0, 6.0)).cycle
            1.5
        """
        return (self.ends[-1] - self.ends[self.workers - 1]) / (self.cells - self.workers)


def passes(out: Path, cells: int, steps: int, workers: tuple[int, ...], repeats: int, *more: str) -> Iterator[Pass]:
    """Each executor with each number of workers, in turns and back again, so that a drift of the machine hits all alike.

    Args:
        out: a folder to work in; each pass has one of its own inside.
        cells: of each pass, alike but for their seeds.
        steps: of each cell.
        workers: numbers of them.
        repeats: passes of each kind.
        more: options of the cells, as `benchmarks.run` takes them.
    """
    kinds = [(name, number) for name in EXECUTORS for number in workers]
    for turn in range(repeats):
        for name, number in kinds[:: -1 if turn % 2 else 1]:
            folder = out / f"{name}-{number}-{turn}"
            asked = ["--losses", "bce", "--recipe", "controlled", "--seeds", f"0-{cells - 1}", "--steps", str(steps)]
            options = read_options([*asked, *more, "--executor", name, "--workers", str(number), "--out", str(folder)])
            yield one_pass(options)


def one_pass(options: Options) -> Pass:
    """The cells of the options once through their executor.

    Raises:
        UsageError: a cell did not end well, or the executor is not to be had.
    """
    out, place = options.out, Place(root=options.data_root or default_root())
    out.mkdir(parents=True)
    began = time.perf_counter()
    with _entered(options) as executor:
        up = time.perf_counter() - began
        cells, work = _prepared(options, executor, place)
        began, ends = time.perf_counter(), list[tuple[float, Cell]]()
        for event in executor.run(cells, work):
            if event.kind in LAST:
                ends.append((time.perf_counter() - began, event.cell))
                if event.detail != "done":
                    raise UsageError(
                        f"{event.cell.folder} is {event.detail}, and only cells that are done can be counted."
                    )
        wall = time.perf_counter() - began
    inside = tuple(records.read_json(out / cell.folder / records.RECORD)["time"]["seconds"] for _, cell in ends)
    times = tuple(end for end, _ in ends)
    return Pass(options.executor, options.workers or 1, len(cells), up, times[0], wall, inside, times)


@contextmanager
def _entered(options: Options) -> Iterator[Executor]:
    with EXECUTORS[options.executor](options, lambda line: None) as executor:
        yield executor


def _prepared(options: Options, executor: Executor, place: Place) -> tuple[tuple[Cell, ...], Work]:
    (ground,) = load_grounds(options, executor.device(), place)
    plan = ground.plan
    store = preparation.prepare(options.out, ground.data, plan.cells[0], plan.facts, place, Console(quiet=True))
    kept = {"root": place.root}
    return plan.cells, replace(Work(options.out, {ground.data.name: store}, None, place=kept), every=0.0)
