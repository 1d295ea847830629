"""The timing pass of a data set's cells, and with `--seconds` how many steps it gives to each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import preparation, step_time
from benchmarks.grounds import Ground
from benchmarks.lock import machine_lock
from benchmarks.plan import Cell

Json = dict[str, Any]


def take_timing(ground: Ground, out: Path, rounds: int, anew: bool, say: Callable[[str], None]) -> Json:
    """The timing record of a data set's cells: the one that is there if it holds them all, otherwise a new one.

    Args:
        ground: the data set, stored, and its cells.
        out: the output folder.
        rounds: how often each kind of step is measured, at least.
        anew: whether one that is there is taken again.
        say: tells the user a line.
    """
    asked = ground.plan.cells
    path = step_time.timing_path(out, asked[0], torch.get_num_threads())
    cells = [*asked, *preparation.recorded_cells(out, asked)]
    rounds, kinds = step_time.needed_rounds(cells, rounds), step_time.variants(cells)
    known = step_time.read_timing(path, kinds, rounds, say)
    if known is not None and not anew:
        return known
    assert ground.store is not None
    say(f"Timing pass: {rounds} rounds of {len(kinds)} steps, interleaved, alone.")
    with machine_lock(alone=True, waiting=lambda: say("Waiting for other runs on this machine.")):
        timing = step_time.timing_pass(cells, out, ground.store, rounds)
    if timing["disturbed"]:
        say("Other work disturbed the timing pass; --force takes it again. The report says so, too.")
    return timing


def with_budgets(ground: Ground, timing: Json, out: Path, seconds: float | None, anew: bool) -> Ground:
    """With `--seconds S` every cell gets ⌊S / median step⌋ steps; otherwise nothing changes.

    Args:
        ground: a data set and its cells.
        timing: their timing record.
        out: the output folder, in which an earlier run may have frozen the steps of some.
        seconds: of each training; None where steps are given.
        anew: whether what was frozen is forgotten.
    """
    if seconds is None:
        return ground
    cells, medians = ground.plan.cells, step_time.median_steps(timing)
    frozen = {} if anew else preparation.frozen_steps(out, cells)

    def budget(cell: Cell) -> Cell:
        kind = (cell.recipe, cell.step_digest)
        counted = max(1, int(seconds // medians[kind])) if medians.get(kind) else cell.settings["steps"]
        return cell.with_steps(frozen.get(kind, counted))  # one whose steps fail is not in `medians`, and will fail

    return replace(ground, plan=replace(ground.plan, cells=tuple(map(budget, cells))))
