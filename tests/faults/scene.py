"""An output folder under attack, the command that fills it, and what has to be held of it."""

import hashlib
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.faults.commands import arguments
from tests.faults.comparison import Snapshot, lost, snapshot, statuses, whole_records
from tests.faults.moments import Moment, Watch, draw, still_expected
from tests.faults.processes import Running

ROOT = Path(__file__).parent.parent.parent
GONE = 20.0  # seconds that processes may take to notice that they are to end


@dataclass(frozen=True)
class Reference:
    """The unbroken run of a command.

    Attributes:
        content: what must be equal.
        cells: how many there are.
        seconds: that it took.
        idle: seconds of the same command once all is done.
        events: how often a file of each kind appeared.
    """

    content: Snapshot
    cells: int
    seconds: float
    idle: float
    events: Counter[str]


@dataclass(frozen=True)
class Damage:
    """A file that was damaged on purpose; the next run that comes to it has to name it."""

    path: Path
    digest: str

    @classmethod
    def of(cls, path: Path) -> "Damage":
        """The damage as it is now."""
        return cls(path, _digest(path))

    def complaint(self, out: Path, output: str) -> str | None:
        """What is wrong, if the file is no longer there as it was damaged and nobody has said so."""
        name = self.path.relative_to(out)
        _, _, recipe, loss, seed = name.parts[:5]
        cell = f"{recipe}/{loss}/{seed.partition('-')[0]}: "
        told = any(str(name) in line or (cell in line and "damaged" in line) for line in output.splitlines())
        return None if told else f"{name} was damaged, and the next run did not say so"

    @property
    def stands(self) -> bool:
        """Whether nobody has come to it yet."""
        return self.path.exists() and _digest(self.path) == self.digest


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Scene:
    """One output folder.

    Attributes:
        command: its name.
        home: the series's folder: caches, temporary files.
        out: the output folder.
        reference: what it must become.
        random: draws of instants and damages.
        held: cell -> digest of its record, of all that were whole.
        damages: that no run has come to yet.
        orphans: runs whose runner was killed alone.
        outputs: what the runs have printed.
        notes: of the present round.
    """

    command: str
    home: Path
    out: Path
    random: Random
    reference: Reference
    held: dict[str, str] = field(default_factory=dict)
    damages: list[Damage] = field(default_factory=list)
    orphans: list[Running] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def limit(self) -> float:
        """Seconds after which a run counts as hung."""
        return max(180.0, 8 * self.reference.seconds)

    def start(self) -> Running:
        """Start or continue the run; cells that failed are trained again."""
        retry = ["--retry", "failed"] if "failed" in statuses(self.out).values() else []
        return start(self.command, self.out, self.home, retry)

    @property
    def done(self) -> float:
        """Share of the cells that are done."""
        return len(self.held) / self.reference.cells

    def expected_seconds(self) -> float:
        """How long the run should take from here."""
        return self.reference.idle + (1 - self.done) * (self.reference.seconds - self.reference.idle)

    def draw(self, preferred: tuple[str, ...]) -> Moment:
        """The moment of the next strike."""
        events = still_expected(self.reference.events, self.done, self.out) if self.out.exists() else None
        return draw(self.random, 0.9 * self.expected_seconds(), events or self.reference.events, preferred)

    def unfinished(self) -> list[Path]:
        """Folders of cells without a record."""
        return [cell for cell in sorted(self.out.glob("*/*/*/*/seed*")) if not (cell / "record.json").exists()]

    def finished(self) -> list[Path]:
        """Folders of cells with a whole record."""
        return [self.out / cell for cell in whole_records(self.out)]

    def take_lost(self) -> list[str]:
        """Cells that were whole before and are so no longer; from now on all that is whole is held."""
        gone = lost(self.held, self.out)
        self.held = whole_records(self.out)
        return gone

    def check_damages(self, output: str, killed: bool) -> list[str]:
        """Complaints of damage that a run came to without a word; a killed one may have had no time for it."""
        met = [damage for damage in self.damages if not damage.stands]
        self.damages = [damage for damage in self.damages if damage.stands]
        complaints = [damage.complaint(self.out, output) for damage in met]
        return [] if killed else [complaint for complaint in complaints if complaint]

    def check_orphans(self) -> list[str]:
        """Complaints of processes that outlive their runner."""
        left = [orphan for orphan in self.orphans if not orphan.gone_within(GONE)]
        self.orphans = []
        for orphan in left:
            orphan.kill()
        return [f"orphans of a killed runner were there {GONE:g} s later"] * bool(left)


def start(command: str, out: Path, home: Path, more: list[str]) -> Running:
    """Start a command in a surrounding of its own."""
    for name in ("t", "c"):
        (home / name).mkdir(parents=True, exist_ok=True)
    call = [sys.executable, "-m", "benchmarks.run", *arguments(command), *more, "--out", str(out)]
    environment: Mapping[str, str] = {
        "TMPDIR": str(home / "t"),
        "XDG_CACHE_HOME": str(home / "c"),  # fresh, so that filling it is hit, too
        "OMP_NUM_THREADS": "1",
        "MPLCONFIGDIR": str(home.parent / "m"),  # its list of fonts takes seconds
    }
    return Running(call, environment, ROOT)


def make_reference(command: str, home: Path, again: bool = True) -> Reference:
    """Run a command unbroken.

    Args:
        command: its name.
        home: folder of its files.
        again: whether to run it once more with nothing left to do, to see how long that takes.

    Raises:
        RuntimeError: it does not even work unbroken.
    """
    out = home / "run"
    watch = Watch(out)
    seconds = _unbroken(command, out, home, watch)
    idle = _unbroken(command, out, home, watch) if again else seconds
    return Reference(snapshot(out), len(whole_records(out)), seconds, idle, watch.counts)


def _unbroken(command: str, out: Path, home: Path, watch: Watch) -> float:
    running = start(command, out, home, [])
    try:
        while running.wait(0.003) is None:
            watch.look()
    finally:
        running.kill()
    if running.process.returncode:
        raise RuntimeError(f"the unbroken run ended with {running.process.returncode}:\n{running.output}")
    return running.seconds
