"""The inside of a process that works for a run: at a cell, or at a function of its own."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.channel import Channel
from benchmarks.events import Event, Work
from benchmarks.lock import TakenError
from benchmarks.plan import Cell

DEATH_OF_PARENT = 1  # Linux's PR_SET_PDEATHSIG


class _Line:
    """A cell's line to its runner, from inside the cell's process. Without a runner, the cell is asked to stop."""

    def __init__(self, cell: Cell, sender: Connection) -> None:
        self.cell, self.sender, self.stopped = cell, sender, False

    def stop(self, number: int, frame: object) -> None:
        """The handler of a signal."""
        self.stopped = True

    def send(self, kind: str, step: int = 0, detail: Any = None) -> None:
        """Send an event."""
        try:
            self.sender.send(Event(kind, self.cell, step, detail))
        except OSError:  # the runner is gone
            self.stopped = True

    def channel(self) -> Channel:
        """For the execution."""
        return Channel(
            progress=lambda step, terms: self.send("progress", step, terms),
            evaluated=lambda found: self.send("evaluated", detail=found),
            say=lambda text: self.send("said", detail=text),
            stopping=lambda: self.stopped,
        )


def work_at(cell: Cell, work: Work, sender: Connection) -> None:
    """What a worker process does."""
    line = _Line(cell, sender)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C reaches the whole group; the runner decides
    signal.signal(signal.SIGTERM, line.stop)
    _end_with_parent()
    os.environ.update(work.variables)
    sys.path += [root for root in work.roots if root not in sys.path]
    import torch

    from gan_losses import places
    from gan_losses.allocator import tune_allocator

    places.MOVED.update(work.moved)
    tune_allocator()
    torch.set_num_threads(work.threads)
    from threadpoolctl import threadpool_limits

    from benchmarks.execute import PAUSED, execute

    threadpool_limits(work.threads)  # numpy's and SciPy's, which have threads of their own and spin beside other cells
    from gan_losses.metrics import Place

    try:
        place = Place(**work.place)
        status = execute(cell, work.out, work.stores[cell.data], place, work.commit, line.channel(), work.every)
        line.send("paused" if status == PAUSED else "ended", detail=status)
    except TakenError as error:
        line.send("taken", detail=str(error))
    except OSError as error:
        line.send("stopped", detail=f"{error.strerror or error}: {error.filename or work.out}")
    sender.close()


def _end_with_parent() -> None:
    """Have the system send SIGTERM when the parent ends: the fork server, which ends with the runner, however that ends.

    Elsewhere than on Linux a cell learns of it when it next tells of its progress.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(DEATH_OF_PARENT, signal.SIGTERM, 0, 0, 0)


def _stop(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def run_alone(function: Callable[..., None], sender: Connection, arguments: tuple[Any, ...]) -> None:
    """What the process of `call_alone` does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _stop)
    _end_with_parent()
    from gan_losses.allocator import tune_allocator

    tune_allocator()
    try:
        function(sender.send, *arguments)
    except Exception as error:
        sender.send(error)
    sender.close()
