"""What came of the rounds: a log of JSON lines and a table by kind."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock

from tests.faults.moments import Moment

COLUMNS = ("rounds", "lost", "changed", "unexpected", "missed")
HEAD = ("kind", *COLUMNS)


@dataclass
class Round:
    """One strike.

    Attributes:
        series: number of the output folder.
        command: its name.
        kind: of the fault.
        moment: that was asked for.
        seconds: after the start, when it struck.
        phase: of the run at that instant.
        exit: code of the struck run.
        missed: whether the run ended before; such a round does not count.
        lost: cells whose record was whole and is gone or another.
        changed: what differs from the unbroken run, once the folder is complete (told of the whole series).
        unexpected: exits, tracebacks, silence, things left behind.
        notes: what was hit, and how.
    """

    series: int
    command: str
    kind: str
    moment: Moment
    seconds: float = 0.0
    phase: str = ""
    exit: int | None = None
    missed: bool = False
    lost: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def bad(self) -> bool:
        """Whether anything went wrong."""
        return bool(self.lost or self.changed or self.unexpected)

    @property
    def outcome(self) -> str:
        """In a word or some."""
        found = [name for name in COLUMNS[1:4] if getattr(self, name)] + ["missed"] * self.missed
        return " and ".join(found) or "ok"


class Log:
    """Appends rounds to a file and prints a line for each; lanes share it.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, Lock()
        self.rounds: list[Round] = []
        path.parent.mkdir(parents=True, exist_ok=True)

    def add(self, rounds: Iterable[Round]) -> None:
        """Take in the rounds of a series that is over."""
        with self._lock, self.path.open("a", encoding="utf-8") as file:
            for one in rounds:
                self.rounds.append(one)
                file.write(json.dumps({**asdict(one), "outcome": one.outcome}, ensure_ascii=False) + "\n")
                print(line(one), flush=True)


def line(one: Round) -> str:
    """A round in a line, with what went wrong below."""
    notes = f" ({', '.join(one.notes)})" if one.notes else ""
    head = (
        f"{one.series:3d} {one.command:9s} {one.kind:23s} {one.seconds:5.1f} s in {one.phase:13s} {one.outcome}{notes}"
    )
    return "\n      ".join([head, *one.lost, *one.changed[:8], *one.unexpected])


def table(rounds: Sequence[Round]) -> str:
    """Rounds, results lost, results changed, unexpected ends and missed strikes by kind.

    Example:
        >>> print(table([Round(0, "averaged", "kill_all", Moment(1.0))]))
        kind                        rounds       lost    changed unexpected     missed
        kill_all                         1          0          0          0          0
        all                              1          0          0          0          0
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for one in rounds:
        for kind in (one.kind, "all"):
            counts[kind]["missed" if one.missed else "rounds"] += 1
            counts[kind].update(name for name in COLUMNS[1:4] if getattr(one, name))
    kinds = (*sorted(set(counts) - {"all"}), "all")
    rows = [(kind, *(str(counts[kind][name]) for name in COLUMNS)) for kind in kinds]
    return "\n".join(f"{first:23s}" + "".join(f"{value:>11s}" for value in rest) for first, *rest in [HEAD, *rows])
