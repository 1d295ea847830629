"""Cells on this machine, each in a process of its own."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import torch

from benchmarks import environment, step_time
from benchmarks.events import Event, Work
from benchmarks.executors.base import Executor
from benchmarks.executors.processes import run_cells
from benchmarks.lock import machine_lock
from benchmarks.plan import Cell

Json = dict[str, Any]
GIB = 2**30  # that a cell may take


class LocalExecutor(Executor):
    """Processes of one thread each, as many as cores and memory allow."""

    summary = "on this machine, a process of one thread for each cell"

    def device(self) -> str:
        """As torch sees it here."""
        return environment.resolve_device(self.options.device).type

    def workers(self, cells: int) -> int:
        """As many as were asked for, else what suits the machine."""
        free = psutil.virtual_memory().available
        return self.options.workers or default_workers(self.device(), environment.available_cores(), cells, free)

    def run(self, cells: Sequence[Cell], work: Work) -> Iterator[Event]:
        """The cells side by side, but beside no timing pass."""
        with machine_lock(alone=False, waiting=lambda: self.say("Waiting for a timing pass on this machine.")):
            yield from run_cells(cells, work, self.workers(len(cells)))

    def time(self, cells: Sequence[Cell], out: Path, store: Path, rounds: int, anew: bool) -> list[Json]:
        """The one record of this machine's device."""
        path = step_time.timing_path(out, cells[0], torch.get_num_threads())
        kinds = step_time.variants(cells)
        known = step_time.read_timing(path, kinds, rounds, self.say)
        if known is not None and not anew:
            return [known]
        self.say(f"Timing pass: {rounds} rounds of {len(kinds)} steps, interleaved, alone.")
        with machine_lock(alone=True, waiting=lambda: self.say("Waiting for other runs on this machine.")):
            return [self.tell_of(step_time.timing_pass(cells, out, store, rounds))]


def default_workers(device: str, cores: int, cells: int, free_bytes: int) -> int:
    """One worker per core that memory allows (1 GiB each), at most one per cell; one alone on a GPU.

    Example:
        >>> default_workers("cpu", cores=8, cells=48, free_bytes=4 * 2**30)
        4
    """
    if device != "cpu":
        return 1
    return max(1, min(cores, cells, free_bytes // GIB))
