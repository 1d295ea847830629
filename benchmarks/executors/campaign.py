"""The cells of a run on a Ray cluster: submitted, listened to, sent on when a node is lost, and stopped together."""

import secrets
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import (
    LocalRayletDiedError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayActorError,
    RayError,
    RaySystemError,
    RayTaskError,
    RuntimeEnvSetupError,
    TaskCancelledError,
    WorkerCrashedError,
)
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from benchmarks import cell_folder
from benchmarks.events import Event, Work
from benchmarks.executors import ray_node
from benchmarks.executors.mailbox import Mailbox
from benchmarks.executors.packing import journey_of, packed
from benchmarks.executors.parcels import Parcel, pack, unpack
from benchmarks.executors.processes import LOOK_AGAIN, PATIENCE, look
from benchmarks.executors.ray_node import IDENTITY, LUGGAGE, STORAGE, Outcome
from benchmarks.lock import TakenError, cell_lock, forget_owner
from benchmarks.plan import Cell
from gan_losses.errors import UsageError

if TYPE_CHECKING:
    from benchmarks.executors.ray_cluster import RayExecutor

AHEAD = 2  # cells that are submitted for each that the cluster has room for: an autoscaler sees that there are more
HEAD = "node:__internal_head__"  # Ray's word for the one node that has it
TICK = 0.5  # seconds from one look at the cluster to the next where there is no news
GRACE = 10.0  # seconds beyond `PATIENCE` in which cells that are asked to stop have to send home what they have
LOST = (WorkerCrashedError, NodeDiedError, ObjectLostError, OutOfMemoryError, LocalRayletDiedError, RayActorError)


@dataclass(eq=False)
class Attempt:
    """One try at a cell on some node.

    Attributes:
        number: by which its news are known.
        cell: what is tried.
        reference: of its outcome.
        streamed: whether what it writes comes home by parcels.
        holding: what is given back when it ends, the cell's lock among it.
        host: where it runs; None before it does.
        step: the last one that it told of.
    """

    number: int
    cell: Cell
    reference: Any
    streamed: bool
    holding: ExitStack
    host: str | None = None
    step: int = 0


@dataclass
class Campaign:
    """A run's cells on the cluster.

    Attributes:
        executor: that is connected.
        cells: in the order in which they begin.
        work: what they share; paths are this machine's.
    """

    executor: "RayExecutor"
    cells: Sequence[Cell]
    work: Work
    _running: dict[Any, Attempt] = field(default_factory=dict)
    _lost: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        out = self.work.out.resolve()
        self.work = replace(self.work, out=out)
        self._waiting, self._taken = deque(self.cells), deque[Cell]()
        self.journey, self.work = journey_of(self.executor, self.work, self.cells, identity(out))
        self._journey = ray.put(self.journey)
        # On the cluster's head: where that is lost, all is.
        self._mailbox: Any = ray.remote(Mailbox).options(num_cpus=0, resources={HEAD: 0.001}).remote()
        self._inbox, self._asked = deque[tuple[int, Any]](), None
        self._numbers, self._looked = 0, time.monotonic()
        self._room, self._measured = 1, -LOOK_AGAIN

    def events(self) -> Iterator[Event]:
        """Run them all; closing the generator leaves the cluster as it was.

        Raises:
            UsageError: no node can run them.
        """
        try:
            while self._waiting or self._running or self._taken:
                yield from self._submit()
                self._asked = self._asked or self._mailbox.take.remote(TICK)
                ready, _ = ray.wait([self._asked, *self._running], num_returns=1, timeout=TICK, fetch_local=False)
                if ready:
                    silent = [self._running[reference] for reference in ready if reference in self._running]
                    self._fetch()
                    yield from self._heard()
                    yield from self._failed(silent)
                if time.monotonic() - self._looked >= LOOK_AGAIN:
                    yield from look(self._taken, self._waiting, self.work.out)
                    self._looked = time.monotonic()
        except (RayActorError, ConnectionError) as error:
            yield Event("stopped", self.cells[0], detail=f"the loss of the cluster's head ({said(error)})")
        finally:
            self._stop()

    def _fetch(self) -> None:
        """Take what was asked for, if anything was, and all that has come since; none of it is asked for twice or lost."""
        asked, self._asked = self._asked, None
        for reference in filter(None, (asked, self._mailbox.take.remote(0.0))):
            self._inbox.extend(ray.get(reference))

    def _submit(self) -> Iterator[Event]:
        while self._waiting and len(self._running) < self._limit():
            cell = self._waiting.popleft()
            with ExitStack() as holding:
                home = None
                if self.journey.streamed:
                    folder = self.work.out / cell.folder
                    try:
                        holding.enter_context(cell_lock(folder))
                    except TakenError as error:
                        self._taken.append(cell)
                        yield Event("taken", cell, detail=str(error))
                        continue
                    if status := cell_folder.status(folder):  # another run has come first
                        yield Event("ended", cell, detail=status)
                        continue
                    home = pack(folder)
                self._begin(cell, home, holding.pop_all())

    def _limit(self) -> int:
        """How many may be submitted: the cluster's size is looked up once a second, as nodes come and go."""
        if self.executor.options.workers:
            return self.executor.options.workers
        if time.monotonic() - self._measured >= LOOK_AGAIN:
            room, self._measured = self.executor.room(), time.monotonic()
            if not room and self._room:
                self.executor.say("No node is left that holds a cell; waiting for one.")
            self._room = AHEAD * room
        return self._room

    def _begin(self, cell: Cell, home: Parcel | None, holding: ExitStack) -> None:
        self._numbers += 1
        needs = self.executor.needs
        task = ray.remote(ray_node.attend).options(**needs, max_retries=0, name=cell.folder)
        arguments = (self._mailbox, self._numbers, cell, self.work, self._journey, home, needs["num_gpus"] > 0)
        attempt = Attempt(self._numbers, cell, task.remote(*arguments), self.journey.streamed, holding)
        self._running[attempt.reference] = attempt

    def _heard(self) -> Iterator[Event]:
        """Take in what attempts have told; what is left when nobody listens any more is taken in at the end."""
        while self._inbox:
            number, news = self._inbox.popleft()
            for attempt in [each for each in self._running.values() if each.number == number]:
                yield from self._take(attempt, news)  # of one that was given up before, nothing

    def _take(self, attempt: Attempt, news: Any) -> Iterator[Event]:
        if isinstance(news, Parcel):
            yield from self._unpack(attempt, news)
        elif isinstance(news, Outcome):
            yield from self._outcome(attempt, news)
        elif news.kind == "began":
            attempt.host = news.detail
        else:
            attempt.step = max(attempt.step, news.step)
            yield news

    def _unpack(self, attempt: Attempt, parcel: Parcel) -> Iterator[Event]:
        try:
            unpack(parcel, self.work.out / attempt.cell.folder)
        except OSError as error:
            detail = f"{error.strerror or error}: {error.filename or self.work.out}"
            yield Event("stopped", attempt.cell, detail=detail)

    def _outcome(self, attempt: Attempt, outcome: Outcome) -> Iterator[Event]:
        del self._running[attempt.reference]
        with attempt.holding:  # until whoever listens has taken in the last event
            if outcome.parcel is not None:
                yield from self._unpack(attempt, outcome.parcel)
            if outcome.event is None:
                self._provide(outcome.lacks, attempt)
                self._waiting.appendleft(attempt.cell)
            elif outcome.event.kind == "paused":  # somebody else has asked it to
                self._waiting.append(attempt.cell)
            else:
                if outcome.event.kind == "taken":
                    self._taken.append(attempt.cell)
                yield outcome.event

    def _provide(self, lacks: str, attempt: Attempt) -> None:
        """What an attempt lacked, for those from now on."""
        if lacks == STORAGE and not self.journey.streamed:
            if self.executor.options.storage == "shared":
                where = f"{attempt.host or 'a node'} does not see {self.work.out}, or may not write there"
                raise UsageError(f"--storage shared: {where}; mount it there, or take --storage streamed.")
            self.executor.say("Not all nodes see the output folder: cells send home what they write.")
            self.journey = replace(self.journey, streamed=True)
            self._journey = ray.put(self.journey)
        if lacks == LUGGAGE and not self.journey.luggage.packed:
            self.executor.say("Not all nodes see the data: they are sent there.")
            self.journey = replace(self.journey, luggage=packed(self.journey.luggage, self.work))
            self._journey = ray.put(self.journey)

    def _failed(self, silent: Iterable[Attempt]) -> Iterator[Event]:
        """Attempts that ended without an outcome; all their news were heard."""
        for attempt in silent:
            if self._running.pop(attempt.reference, None) is not None:
                with attempt.holding:
                    yield from self._lost_one(attempt, _error(attempt.reference))

    def _lost_one(self, attempt: Attempt, error: str) -> Iterator[Event]:
        cell = attempt.cell
        self._lost[cell.folder] += 1
        if not attempt.streamed and attempt.host is not None:
            forget_owner(self.work.out / cell.folder, attempt.host)
        if self._lost[cell.folder] > self.executor.options.node_retries:
            times = self._lost[cell.folder]
            yield Event("died", cell, detail=f"its node was lost {times} times, the last time by: {error}")
            return
        yield Event("said", cell, detail=f"its node was lost after step {attempt.step} ({error}); it goes on elsewhere")
        self._waiting.appendleft(cell)

    def _stop(self) -> None:
        """Have all that runs save its state and end."""
        with suppress(RayError, ConnectionError):
            ray.get(self._mailbox.stop.remote())
            for attempt in self._running.values():
                if attempt.host is None:
                    ray.cancel(attempt.reference)
            self._collect(time.monotonic() + PATIENCE + GRACE)
            for reference in self._running:
                ray.cancel(reference, force=True)
            ray.kill(self._mailbox)
        for attempt in self._running.values():
            attempt.holding.close()

    def _collect(self, deadline: float) -> None:
        """Take in the states that cells save as they end."""
        while self._running and time.monotonic() < deadline:
            ended, _ = ray.wait(list(self._running), num_returns=len(self._running), timeout=TICK)
            self._fetch()
            for _ in self._heard():
                pass  # nobody listens any more
            for reference in ended:
                if attempt := self._running.pop(reference, None):
                    attempt.holding.close()


def on_each(function: Any, nodes: Iterable[Any], **options: Any) -> list[Any]:
    """The function as a task of each node, which takes no core there unless the options say so."""
    places = [NodeAffinitySchedulingStrategy(node["id"], soft=False) for node in nodes]
    how = {"num_cpus": 0, "max_retries": 0, **options}
    return [ray.remote(function).options(scheduling_strategy=place, **how) for place in places]


def identity(out: Path) -> str:
    """What the output folder is known by on other machines."""
    path = out / IDENTITY
    if not path.exists():
        path.write_text(secrets.token_hex(16))
    return path.read_text()


def _error(reference: Any) -> str:
    """Why a task ended without an outcome.

    Raises:
        UsageError: it is nothing that another node, or another try, would mend.
    """
    try:
        ray.get(reference)
    except LOST as error:
        return said(error)
    except TaskCancelledError:
        return "it was cancelled on the cluster"
    except (RayTaskError, RaySystemError, RuntimeEnvSetupError) as error:
        raise UsageError(
            f"a node cannot run cells: {said(error)}; every node needs the packages of this environment, in the same versions."
        ) from error
    return "it ended without a word"


def said(error: BaseException) -> str:
    """An error of Ray's in a sentence: a traceback says most in its last line, Ray's own errors in their first sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    words = lines[-1] if isinstance(error, RayTaskError) else lines[0].partition(". ")[0]
    return f"{type(error).__name__}: {words}"[:300]
