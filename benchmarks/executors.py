"""Where cells run: a fresh process of one thread for each, so that a crash costs one cell and no cell feels another."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from benchmarks.plan import Cell
from gan_losses.metrics import Place

PRELOADED = ["benchmarks.execute"]


@dataclass(frozen=True)
class Work:
    """What every cell of a run shares.

    Attributes:
        out: the output folder.
        store: the data set's folder.
        commit: of the checkout, for the records.
        threads: of each process.
        place: where the features' weights are and what is kept of real images.
    """

    out: Path
    store: Path
    commit: str | None
    threads: int = 1
    place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Event:
    """News of a cell: `progress` (step, terms), `ended` (status), `died` (reason) or `stopped` (reason)."""

    kind: str
    cell: Cell
    step: int = 0
    detail: Any = None


Running = dict[Connection, tuple[Cell, BaseProcess]]


def context() -> BaseContext:
    """A fork server that has torch imported, so that a process costs tenths of a second; spawn where there is none."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    server = multiprocessing.get_context("forkserver")
    # The server only imports: a tensor operation there would start threads that a fork does not carry over.
    server.set_forkserver_preload(PRELOADED)
    return server


def run_local(cells: Sequence[Cell], work: Work, workers: int) -> Iterator[Event]:
    """Run cells in `workers` processes side by side and yield their events.

    Closing the generator (an interrupt, say) ends the processes; each finishes the file it is writing.
    """
    processes, waiting = context(), list(cells)
    running: Running = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                cell = waiting.pop(0)
                running |= _start(processes, cell, work)
            for ready in wait([*running, *(process.sentinel for _, process in running.values())], timeout=1.0):
                if isinstance(ready, Connection) and ready in running:
                    yield from _receive(ready, running)
    finally:
        for _, process in running.values():
            process.terminate()
        for _, process in running.values():
            process.join(timeout=10)


def _start(processes: BaseContext, cell: Cell, work: Work) -> Running:
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(target=_work, args=(cell, work, sender), daemon=True)  # type: ignore[attr-defined]
    process.start()
    sender.close()  # so that the pipe ends when the process does, however it does
    return {receiver: (cell, process)}


def _receive(receiver: Connection, running: Running) -> Iterator[Event]:
    cell, process = running[receiver]
    try:
        yield receiver.recv()
    except EOFError:
        del running[receiver]
        receiver.close()
        process.join()
        if process.exitcode:
            yield Event("died", cell, detail=_cause(process.exitcode))


def _cause(exit_code: int) -> str:
    if exit_code > 0:
        return f"its process ended with exit code {exit_code}"
    with suppress(ValueError):
        return f"its process was killed by {signal.Signals(-exit_code).name}"
    return f"its process was killed by signal {-exit_code}"


def _work(cell: Cell, work: Work, sender: Connection) -> None:
    """What a worker process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C reaches the whole group; the runner decides
    signal.signal(signal.SIGTERM, _stop)
    import torch

    from gan_losses.allocator import tune_allocator

    tune_allocator()
    torch.set_num_threads(work.threads)
    from benchmarks.execute import execute

    def progress(step: int, terms: dict[str, float]) -> None:
        sender.send(Event("progress", cell, step, terms))

    try:
        status = execute(cell, work.out, work.store, work.place, work.commit, progress)
        sender.send(Event("ended", cell, detail=status))
    except BrokenPipeError:  # the runner is gone, nobody waits for this cell
        return
    except OSError as error:
        sender.send(Event("stopped", cell, detail=f"{error.strerror or error}: {error.filename or work.out}"))
    sender.close()


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def call_alone(function: Callable[..., None], *arguments: Any) -> Iterator[Any]:
    """Run `function(send, *arguments)` in one fresh process and yield what it sends; its errors are raised here."""
    processes = context()
    receiver, sender = processes.Pipe(duplex=False)
    process = processes.Process(  # type: ignore[attr-defined]
        target=_alone, args=(function, sender, arguments), daemon=True
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
        process.terminate()
        process.join(timeout=10)


def _alone(function: Callable[..., None], sender: Connection, arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    from gan_losses.allocator import tune_allocator

    tune_allocator()
    try:
        function(sender.send, *arguments)
    except Exception as error:
        sender.send(error)
    sender.close()


def default_workers(device: str, cores: int, cells: int, free_bytes: int) -> int:
    """One worker per core that memory allows (1 GiB each), at most one per cell; one alone on a GPU.

    Example:
        >>> default_workers("cpu", cores=8, cells=48, free_bytes=4 * 2**30)
        4
    """
    if device != "cpu":
        return 1
    return max(1, min(cores, cells, free_bytes // 2**30))
