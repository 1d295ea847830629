"""The abstract executor: cells in, events out, wherever they run."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from benchmarks.events import Event, Work
from benchmarks.plan import Cell

if TYPE_CHECKING:
    from benchmarks.options import Options

Json = dict[str, Any]
Say = Callable[[str], None]


class Executor(ABC):
    """Runs cells and times their steps; entered before anything is asked of it, and left however the run ends.

    A record does not say which executor ran its cell, and must not depend on it: on processors of one model all of them
    give equal records.

    Args:
        options: of the run.
        say: tells the user a line.

    Attributes:
        summary: one line for `--list`.
        takes: options that only this executor has, by their names in `Options`, with their defaults.
    """

    summary: ClassVar[str]
    takes: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, options: "Options", say: Say) -> None:
        self.options, self.say = options, say

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:  # noqa: B027, what has begun nothing has nothing to end
        """Leave nothing behind."""

    @abstractmethod
    def device(self) -> str:
        """The kind of device that `--device` means where cells run: "cpu", "cuda" or "mps".

        Raises:
            UsageError: there is none.
        """

    @abstractmethod
    def workers(self, cells: int) -> int:
        """How many of so many cells run at a time."""

    @abstractmethod
    def run(self, cells: Sequence[Cell], work: Work) -> Iterator[Event]:
        """Run the cells and yield their events; closing the generator has all that run save their state and end.

        Args:
            cells: in the order in which they begin.
            work: what they share; its paths are this machine's.

        Raises:
            UsageError: they cannot be run there at all.
        """

    @abstractmethod
    def time(self, cells: Sequence[Cell], out: Path, store: Path, rounds: int, anew: bool) -> list[Json]:
        """Timing records that hold the steps of `cells`, one for each kind of device that cells run on.

        A timing pass never runs beside cells of this suite. One that is in the output folder is not taken again.

        Args:
            cells: one or more of each kind of step, of one data set.
            out: the output folder.
            store: the data set's folder.
            rounds: how often each kind of step is measured, at least.
            anew: whether one that is there is taken again.
        """

    def tell_of(self, timing: Json) -> Json:
        """Say what speaks against a timing pass that has just been taken; returns it."""
        if timing["disturbed"]:
            again = "--force takes it again. The report says so, too."
            self.say(f"Other work disturbed the timing pass on {timing['device']['name']}; {again}")
        return timing
