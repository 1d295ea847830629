"""The timing pass of a data set's cells, and with `--seconds` how many steps it gives to each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import preparation, step_time
from benchmarks.executors.base import Executor
from benchmarks.grounds import Ground
from benchmarks.plan import Cell
from gan_losses.errors import UsageError

Json = dict[str, Any]


def take_timing(ground: Ground, out: Path, rounds: int, anew: bool, executor: Executor) -> list[Json]:
    """The timing records of a data set's cells: those that are there if they hold them all, otherwise new ones.

    Args:
        ground: the data set, stored, and its cells.
        out: the output folder.
        rounds: how often each kind of step is measured, at least.
        anew: whether what is there is taken again.
        executor: where the cells will run; there is a record for each kind of device.
    """
    asked = ground.plan.cells
    cells = [*asked, *preparation.recorded_cells(out, asked)]
    assert ground.store is not None
    return executor.time(cells, out, ground.store, step_time.needed_rounds(cells, rounds), anew)


def with_budgets(ground: Ground, timings: Sequence[Json], out: Path, seconds: float | None, anew: bool) -> Ground:
    """With `--seconds S` every cell gets ⌊S / median step⌋ steps; otherwise nothing changes.

    Args:
        ground: a data set and its cells.
        timings: their timing records.
        out: the output folder, in which an earlier run may have frozen the steps of some.
        seconds: of each training; None where steps are given.
        anew: whether what was frozen is forgotten.

    Raises:
        UsageError: seconds are given, and there are several kinds of device.
    """
    if seconds is None:
        return ground
    if len(timings) > 1:
        names = ", ".join(timing["device"]["name"] for timing in timings)
        raise UsageError(
            f"--seconds {seconds:g}: the cluster has {len(timings)} kinds of device ({names}), and a step takes another time "
            "on each; give --steps, or an --address of one kind."
        )
    cells, medians = ground.plan.cells, step_time.median_steps(timings[0])
    frozen = {} if anew else preparation.frozen_steps(out, cells)

    def budget(cell: Cell) -> Cell:
        kind = (cell.recipe, cell.step_digest)
        counted = max(1, int(seconds // medians[kind])) if medians.get(kind) else cell.settings["steps"]
        return cell.with_steps(frozen.get(kind, counted))  # one whose steps fail is not in `medians`, and will fail

    return replace(ground, plan=replace(ground.plan, cells=tuple(map(budget, cells))))
