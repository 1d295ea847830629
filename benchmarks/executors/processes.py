"""A fresh process of one thread for each cell, so that a crash costs one cell and no cell feels another. Loads no torch."""

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks import cell_folder, cell_process
from benchmarks.events import FAREWELLS, Event, Work
from benchmarks.lock import is_locked
from benchmarks.plan import Cell

PRELOADED = ["benchmarks.execute"]
PATIENCE = 20.0  # seconds in which a cell that is asked to stop has to save its state; Slurm gives 30
LOOK_AGAIN = 1.0  # seconds from one look at a cell that another run trains to the next
Running = dict[Connection, tuple[Cell, BaseProcess]]


def context() -> BaseContext:
    """A fork server that has torch imported, so that a process costs tenths of a second; spawn where there is none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    server = multiprocessing.get_context("forkserver")
    # The server only imports: a tensor operation there would start threads that a fork does not carry over.
    server.set_forkserver_preload(PRELOADED)
    return server


def run_cells(
    cells: Sequence[Cell], work: Work, workers: int, idle: Callable[[], None] = lambda: None
) -> Iterator[Event]:
    """Run cells in `workers` processes side by side and yield their events.

    A cell that another run works at is passed over, and looked at again until it has a record or is free. Closing the
    generator (an interrupt, say) asks the processes to save their state and ends them.

    Args:
        cells: in the order in which they begin.
        work: what they share.
        workers: at a time.
        idle: called between events, and every second where there are none; what it raises ends the run likewise.
    """
    processes, waiting, taken = context(), deque(cells), deque[Cell]()
    running: Running = {}
    looked = time.monotonic()
    try:
        while waiting or running or taken:
            while waiting and len(running) < workers:
                running |= _start(processes, waiting.popleft(), work)
            for ready in wait([*running, *(process.sentinel for _, process in running.values())], timeout=LOOK_AGAIN):
                if isinstance(ready, Connection) and ready in running:
                    for event in _receive(ready, running):
                        yield event
                        _queue(event, waiting, taken)
            idle()
            if time.monotonic() - looked >= LOOK_AGAIN:
                yield from look(taken, waiting, work.out)
                looked = time.monotonic()
    finally:
        _end([process for _, process in running.values()])


def _queue(event: Event, waiting: deque[Cell], taken: deque[Cell]) -> None:
    """A cell that somebody else asked to stop is gone on with; one that another run works at is looked at later."""
    if event.kind == "paused":
        waiting.append(event.cell)
    elif event.kind == "taken":
        taken.append(event.cell)


def look(taken: deque[Cell], waiting: deque[Cell], out: Path) -> Iterator[Event]:
    """What has become of the cells that other runs work at."""
    for cell in [taken.popleft() for _ in range(len(taken))]:
        folder = out / cell.folder
        if is_locked(folder):
            taken.append(cell)
        elif status := cell_folder.status(folder):
            yield Event("ended", cell, detail=status)
        else:
            waiting.append(cell)


def _end(processes: Sequence[BaseProcess]) -> None:
    """Ask them all to stop, and kill those that do not in time."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + PATIENCE
    for process in processes:
        process.join(timeout=max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def _start(processes: BaseContext, cell: Cell, work: Work) -> Running:
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=cell_process.work_at, args=(cell, work, sender), daemon=True)  # type: ignore[attr-defined]
    process.start()
    sender.close()  # so that the pipe ends when the process does, however it does
    return {receiver: (cell, process)}


def _receive(receiver: Connection, running: Running) -> Iterator[Event]:
    """What a process has to tell; where it goes without a last word, that it died."""
    cell, process = running[receiver]
    try:
        event: Event = receiver.recv()
        yield event
        if event.kind not in FAREWELLS:
            return
        cause = None
    except (EOFError, OSError):
        cause = "its process ended without a word"
    del running[receiver]
    receiver.close()
    process.join(timeout=PATIENCE)
    if process.is_alive():
        process.kill()
        process.join()
    if cause is not None:
        yield Event("died", cell, detail=_cause(process.exitcode) if process.exitcode else cause)


def _cause(exit_code: int) -> str:
    if exit_code > 0:
        return f"its process ended with exit code {exit_code}"
    with suppress(ValueError):
        return f"its process was killed by {signal.Signals(-exit_code).name}"
    return f"its process was killed by signal {-exit_code}"


def call_alone(function: Callable[..., None], *arguments: Any) -> Iterator[Any]:
    """Run `function(send, *arguments)` in one fresh process and yield what it sends; its errors are raised here."""
    processes = context()
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(  # type: ignore[attr-defined]
        target=cell_process.run_alone, args=(function, sender, arguments), daemon=True
    )
    process.start()
    sender.close()
    try:
        while True:
            message = receiver.recv()
            if isinstance(message, BaseException):
                raise message
            yield message
    except EOFError:
        process.join()
        if process.exitcode:
            raise ChildProcessError(_cause(process.exitcode)) from None
    finally:
        _end([process])
