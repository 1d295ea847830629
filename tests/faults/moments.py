"""When a fault strikes: after so many seconds, or right when something appears in the output folder."""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.faults.processes import Running

POLL = 0.005  # seconds
EVENTS = {
    "ladder": re.compile(r"^ladders/"),
    "timing": re.compile(r"^timing/"),
    "checkpoint": re.compile(r"/checkpoints/\.?step\d+\.checkpoint"),
    "curves": re.compile(r"/curves\.jsonl$"),
    "sample": re.compile(r"/samples/"),
    "weights": re.compile(r"/\.?(final|best).*\.safetensors"),
    "record": re.compile(r"/\.?record\.json"),
    "report": re.compile(r"^\.report\.[^/]+$"),
}
UNSEEN = ("data", "report")


@dataclass(frozen=True)
class Moment:
    """An instant: `seconds` after the start, or the `occurrence`-th appearance of a file of that `event`."""

    seconds: float = 0.0
    event: str | None = None
    occurrence: int = 1


class Watch:
    """Counts what appears in a folder from now on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.counts: Counter[str] = Counter()
        self._seen = set(_names(folder, ""))

    def look(self) -> None:
        """Look once."""
        fresh = set(_names(self.folder, "")) - self._seen
        self._seen |= fresh
        self.counts.update(event for name in fresh for event, pattern in EVENTS.items() if pattern.search(name))


def _names(folder: Path | str, prefix: str) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = prefix + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield name
            elif entry.name not in UNSEEN:
                if entry.name.startswith("."):
                    yield name
                yield from _names(entry.path, f"{name}/")


def draw(random: Random, seconds: float, events: Counter[str], preferred: tuple[str, ...] = ()) -> Moment:
    """Half of the time any instant of `seconds`, else the appearance of something that `events` still promises."""
    possible = [event for event in preferred or EVENTS if events[event]]
    if random.random() < 0.5 or not possible:
        return Moment(seconds=random.uniform(0, seconds))
    event = random.choice(possible)
    return Moment(event=event, occurrence=random.randint(1, min(4, events[event])))


def still_expected(events: Counter[str], done: float, out: Path) -> Counter[str]:
    """What a continued run still shows of the events of an unbroken one.

    Args:
        events: of the unbroken run.
        done: share of the cells that are done.
        out: its folder.
    """
    once = {"ladder": any(out.glob("ladders/*")), "timing": any(out.glob("timing/*")), "report": False}
    left = {event: 0 if there else 1 for event, there in once.items() if events[event]}
    # Half of what is left: a cell that was begun goes on from its checkpoint.
    of_cells = {event: int(count * (1 - done) / 2) for event, count in events.items() if event not in once}
    return Counter(left | of_cells)


def wait_for(moment: Moment, running: Running, watch: Watch, ready: Callable[[], bool]) -> bool:
    """Wait for the moment, and from then on for `ready`; False if the run ended before."""
    come = False
    while not running.ended:
        if not come:
            if moment.event is None:
                come = running.seconds >= moment.seconds
            else:
                watch.look()
                come = watch.counts[moment.event] >= moment.occurrence
        if come and ready():
            return True
        time.sleep(POLL)
    return False


def phase(moment: Moment, running: Running, out: Path) -> str:
    """What the run is about, as far as its output and its files tell."""
    if moment.event is not None:
        return moment.event
    if "already there" not in running.output:
        return "timing pass" if "Timing pass" in running.output else "preparation"
    if any(out.glob(".report.*")):
        return "report"
    if any(out.glob("*/*/*/*/seed*/checkpoints/.*.tmp")):
        return "checkpoint"
    cells = list(out.glob("*/*/*/*/seed*"))
    if any((cell / "final.safetensors").exists() and not (cell / "record.json").exists() for cell in cells):
        return "final scoring"
    return "report" if cells and _trained(running.output) else "training"


def _trained(output: str) -> bool:
    """Whether the last line is of the last cell: "[4/4] …"."""
    ended = re.findall(r"^\[(\d+)/(\d+)\]", output, re.MULTILINE)
    return "Training" not in output or bool(ended and ended[-1][0] == ended[-1][1])
