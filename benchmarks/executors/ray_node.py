"""What runs on a node of a Ray cluster: one cell, or a timing pass. Loads no torch; the cell's own process does."""

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import ray

from benchmarks.events import FAREWELLS, Event, Work
from benchmarks.executors.luggage import Luggage, OwnCode
from benchmarks.executors.mailbox import BEAT
from benchmarks.executors.parcels import Outgoing, Parcel, marks, unpack
from benchmarks.executors.processes import run_cells
from benchmarks.executors.scratch import scratch, settle_in
from benchmarks.lock import machine_lock
from benchmarks.plan import SPELLING, Cell

Json = dict[str, Any]
IDENTITY = ".identity"  # in an output folder: by its content a node knows whether it sees the very folder

CARD = "CUDA_VISIBLE_DEVICES"
STORAGE, LUGGAGE = "storage", "luggage"  # what an attempt may lack


@dataclass(frozen=True)
class Journey:
    """What all attempts of a run have in common.

    Attributes:
        job: a name of its own.
        identity: the content of the output folder's `IDENTITY`.
        streamed: whether cells write into a folder of the node's, and send home what they write.
        luggage: beside the code.
        code: the user's own.
        variables: of the environment that numbers may depend on; None where one is not set.
        packages: that every node has to have, with their versions.
    """

    job: str
    identity: str
    streamed: bool
    luggage: Luggage
    code: OwnCode = field(default_factory=OwnCode)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """How an attempt at a cell ended.

    Attributes:
        event: the last one; None where the attempt lacks something.
        parcel: what was written since the last one; None where nothing is streamed.
        lacks: `STORAGE` where the node does not see the output folder, `LUGGAGE` where it has to be packed; "" for nothing.
    """

    event: Event | None = None
    parcel: Parcel | None = None
    lacks: str = ""


class StoppedError(Exception):
    """The run asks the attempt to end, or is gone."""


class Line:
    """An attempt's line to the run.

    Args:
        mailbox: the actor.
        attempt: its number.
    """

    def __init__(self, mailbox: Any, attempt: int) -> None:
        self.mailbox, self.attempt, self._last = mailbox, attempt, 0.0
        self._held: list[Any] = []

    def tell(self, event: Event) -> None:
        """Send an event; of progress the latest, once a second: it would be most of the traffic, and is seen no sooner."""
        if event.kind == "progress":
            self._held = [event]
        else:
            self.post(event)

    def post(self, *news: Any) -> None:
        """Send news.

        Raises:
            StoppedError: the run wants the attempt to end, or is gone.
        """
        self._last = time.monotonic()
        news, self._held = (*self._held, *news), []
        try:
            stopping = ray.get(self.mailbox.post.remote(self.attempt, news))
        except ray.exceptions.RayError as error:
            raise StoppedError from error
        if stopping:
            raise StoppedError

    def beat(self) -> None:
        """Send what was held back, and look whether the attempt should end, once a second."""
        if time.monotonic() - self._last >= BEAT:
            self.post()


def attend(
    mailbox: Any, attempt: int, cell: Cell, work: Work, journey: Journey, home: Parcel | None, card: bool
) -> None:
    """Work at a cell to its record, or until the run asks to stop; the outcome is the last of the news.

    Args:
        mailbox: of the run.
        attempt: its number.
        cell: what to train.
        work: what all cells share, with the paths of the user's machine.
        journey: likewise.
        home: what there is of the cell in the output folder, if it is streamed.
        card: whether the cell has a GPU, or a part of one.
    """
    check_packages(journey.packages)
    line = Line(mailbox, attempt)
    try:
        line.post(Event("began", cell, detail=socket.gethostname()))
        outcome = _attend(line, cell, work, journey, home, card)
    except (StoppedError, KeyboardInterrupt):  # the latter is how Ray cancels a task that has just begun
        outcome = Outcome(Event("paused", cell))
    except OSError as error:
        outcome = Outcome(Event("stopped", cell, detail=f"{error.strerror or error} on {socket.gethostname()}"))
    with suppress(StoppedError):
        line.post(outcome)


def _attend(line: Line, cell: Cell, work: Work, journey: Journey, home: Parcel | None, card: bool) -> Outcome:
    if not journey.streamed and not _sees(work.out, journey.identity):
        return Outcome(lacks=STORAGE)
    _surround(journey.variables)
    folder = scratch(journey.job)
    settle_in(folder)
    settled = journey.luggage.settle(work, cell.data, folder, ray.get)
    if settled is None:
        return Outcome(lacks=LUGGAGE)
    settled = replace(journey.code.settle(settled, folder / "own"), variables=_card() if card else {})
    if not journey.streamed:
        return Outcome(_trained(line, cell, settled, lambda: None))
    own = Path(tempfile.mkdtemp(dir=folder, prefix=f"attempt{line.attempt}-"))
    try:
        return _streamed(line, cell, replace(settled, out=own), home or Parcel())
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _trained(line: Line, cell: Cell, work: Work, send: Callable[[], None]) -> Event:
    """The last event of the cell; those before it are sent, and `send` is called between them.

    Raises:
        StoppedError: it was asked to stop; the cell has saved its state.
    """

    def idle() -> None:
        send()
        line.beat()

    said = "A timing pass has this machine; the cell waits for it."
    with machine_lock(alone=False, waiting=lambda: line.post(Event("said", cell, detail=said))):
        events = run_cells([cell], work, 1, idle)
        try:
            for event in events:
                if event.kind in (*FAREWELLS, "died"):
                    return event
                line.tell(event)
        finally:
            events.close()  # type: ignore[attr-defined]
    raise AssertionError("a cell ends with a farewell")


def _streamed(line: Line, cell: Cell, work: Work, home: Parcel) -> Outcome:
    """The cell in a folder of this machine, from which checkpoints go home as they come, and everything at the end."""
    folder = work.out / cell.folder
    unpack(home, folder)
    outgoing = Outgoing(folder, marks(folder))

    def send() -> None:
        if outgoing.due():
            line.post(outgoing.parcel())

    try:
        event = _trained(line, cell, work, send)
    except StoppedError:
        event = Event("paused", cell)
    return Outcome(event, outgoing.parcel())


def check_packages(expected: Mapping[str, str]) -> None:
    """Whether this node has the packages in the versions of the user's machine, whatever they were built for.

    Raises:
        ModuleNotFoundError: it lacks one, or has it in another version: its numbers would be others.

    Example:
        >>> check_packages({"ray": "1.0"})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        ModuleNotFoundError: ...
    """
    for name, wanted in expected.items():
        found = package(name)
        if found != wanted:
            has = f"has {name} {found}" if found else f"has no {name}"
            raise ModuleNotFoundError(f"node {socket.gethostname()} {has}, and {wanted} is wanted")


def package(name: str) -> str | None:
    """The version of a package without its build; None where it is missing."""
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return None


def _sees(out: Path, identity: str) -> bool:
    try:
        return (out / IDENTITY).read_text() == identity and os.access(out, os.W_OK)
    except OSError:
        return False


def _surround(variables: Mapping[str, str | None]) -> None:
    """The environment of the user's machine as far as numbers depend on it: Ray has its own idea of threads."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _card() -> dict[str, str]:
    """The GPUs that Ray has given to this task, for the cell's process, which is no child of this one."""
    ids = ray.get_runtime_context().get_accelerator_ids().get("GPU", [])
    return {CARD: ",".join(map(str, ids))}


def describe(device: str, variables: Mapping[str, str | None]) -> Json:
    """What steps run on here: `benchmarks.environment.device_facts`."""
    _surround(variables)
    import torch

    from benchmarks.environment import device_facts

    return device_facts(torch.device(device), torch.get_num_threads())


def time_steps(cells: Sequence[Cell], work: Work, journey: Journey, rounds: int) -> Json | str:
    """A timing pass on this node, which it has to itself; `LUGGAGE` where that has to be packed first."""
    check_packages(journey.packages)
    _surround(journey.variables)
    folder = scratch(journey.job)
    settle_in(folder)
    settled = journey.luggage.settle(work, cells[0].data, folder, ray.get)
    if settled is None:
        return LUGGAGE
    settled = journey.code.settle(settled, folder / "own")
    sys.path += [root for root in settled.roots if root not in sys.path]
    from benchmarks import step_time

    with machine_lock(alone=True):
        return step_time.measure([_here(cell, settled) for cell in cells], settled.stores[cells[0].data], rounds)


def _here(cell: Cell, work: Work) -> Cell:
    """The cell with its loss spelled as it is found here; the time of a step is not told by it."""
    place, colon, rest = cell.spelling.partition(":")
    return replace(cell, settings={**cell.settings, SPELLING: f"{work.moved.get(place, place)}{colon}{rest}"})
