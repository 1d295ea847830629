"""How much of a stretch of time other processes took from this one. Nothing of this suite is imported here."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

TASKS = Path("/proc/self/task")  # Linux
LIMIT = 0.02  # of a stretch's time taken by others, above which it is thrown away and repeated
ATTEMPTS = 3  # for each stretch that is asked for, on average
TICK = 0.01  # seconds: the grain of the counters of all processes


@dataclass(frozen=True)
class Reading:
    """What a process and its machine have used so far, in seconds.

    Attributes:
        wall: of a clock that only runs forward.
        own: processor time of this process, all threads together.
        busy: processor time of all processes, and what a hypervisor gave to other machines; in whole ticks.
        waited: how long this process's threads were ready to run and did not; None where the system does not tell.
    """

    wall: float
    own: float
    busy: float
    waited: float | None = None


def read(threads: int = 1) -> Reading:
    """Read the clocks that `share` needs for a process that computes with that many threads."""
    return Reading(time.perf_counter(), time.process_time(), _busy(), _waited() if threads > 1 else None)


def share(before: Reading, after: Reading, cores: int, threads: int = 1) -> float:
    """The share of the time between two readings that others took, in [0, 1]: the larger one of two.

    Taken from our own cores. A computing thread never sleeps, so that what it lacks of the wall time is what others took,
    to the nanosecond: `(wall - own) / wall`. Several threads also spin while they wait for each other, which hides a loss
    in their processor time; there the time counts for which one of them was ready to run and did not: `waited / wall`.

    Used on any core, `(busy - own - TICK) / (cores * wall)`: a neighbour takes cache and memory bandwidth too, and one
    that does can double a step's time without a nanosecond of our cores. The counters are true to a tick, hence its
    deduction.

    Args:
        before: of where the stretch began.
        after: of where it ended.
        cores: of the machine.
        threads: with which the process computed.

    Example:
        >>> share(Reading(10.0, 4.0, 0.0), Reading(12.0, 5.5, 1.5), cores=2)
        0.25
        >>> share(Reading(0.0, 0.0, 0.0, 0.5), Reading(2.0, 4.0, 4.0, 0.75), cores=2, threads=2)
        0.125
        >>> share(Reading(0.0, 0.0, 8.0), Reading(2.0, 2.0, 11.01), cores=2)  # a neighbour for half of the time
        0.25
    """
    wall, own, busy = after.wall - before.wall, after.own - before.own, after.busy - before.busy
    if wall <= 0:
        return 0.0
    lost = wall - own if threads == 1 else (after.waited or 0.0) - (before.waited or 0.0)
    lost = max(lost, round((busy - own - TICK) / cores, 9))  # counters are decimal fractions
    return min(1.0, max(0.0, lost / wall))


class Contention:
    """Used around a block that computes, to know what others took from it.

    Args:
        device: the kind of device that computes. Elsewhere than on the processor nothing can be said: a process that
            waits for a device sleeps.
        threads: with which the block computes.
        clocks: what is read at both ends.

    Attributes:
        share: of the block's time, known when it ends; None on another device than the processor.

    Example:
        >>> readings = iter([Reading(0.0, 0.0, 0.0), Reading(2.0, 1.5, 1.5)])
        >>> with Contention(clocks=lambda threads: next(readings)) as contention:
        ...     pass
        >>> contention.share
        0.25
    """

    def __init__(self, device: str = "cpu", threads: int = 1, clocks: Callable[[int], Reading] = read) -> None:
        self.share: float | None = None
        self._judged, self._threads, self._clocks = device == "cpu", threads, clocks
        self._cores = psutil.cpu_count() or 1

    def __enter__(self) -> "Contention":
        self._before = self._clocks(self._threads)
        return self

    def __exit__(self, *error: object) -> None:
        if self._judged:
            self.share = share(self._before, self._clocks(self._threads), self._cores, self._threads)


def _waited() -> float | None:
    total = 0
    try:
        for task in TASKS.iterdir():
            total += int((task / "schedstat").read_text().split()[1])  # nanoseconds on the run queue
    except (OSError, IndexError, ValueError):
        return None
    return total / 1e9


def _busy() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0) + getattr(times, "steal", 0.0))
